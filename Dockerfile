# PushPull's server. Everything it keeps lies in /data.
FROM python:3.13-slim AS build
WORKDIR /opt/pushpull
COPY requirements.lock pyproject.toml README.md ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY app app
COPY migrations migrations
COPY static static
COPY templates templates
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e .

FROM python:3.13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /home/pushpull pushpull \
    && install -d -o pushpull -g pushpull -m 0700 /data
COPY --from=build /opt/pushpull /opt/pushpull
ENV PATH=/opt/pushpull/.venv/bin:$PATH PUSHPULL_DATA_DIR=/data PUSHPULL_HOST=0.0.0.0 PUSHPULL_LOG_FORMAT=json
USER pushpull
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["pushpull", "serve"]
