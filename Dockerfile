# PushPull's server. All that it keeps lies in /data; directory targets lie in /srv/targets.
FROM python:3.13-slim AS build
WORKDIR /opt/pushpull
COPY requirements-server.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-server.lock
COPY pyproject.toml LICENSE ./
COPY app app
COPY migrations migrations
COPY static static
COPY templates templates
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e . \
    && .venv/bin/python -m compileall -q app migrations

FROM python:3.13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /home/pushpull --shell /usr/sbin/nologin pushpull \
    && install -d -o pushpull -g pushpull -m 0700 /data \
    && install -d -o pushpull -g pushpull -m 0755 /srv/targets
COPY --from=build /opt/pushpull /opt/pushpull
ENV PATH=/opt/pushpull/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PUSHPULL_DATA_DIR=/data \
    PUSHPULL_TARGET_ROOTS=/data:/srv/targets \
    PUSHPULL_HOST=0.0.0.0 \
    PUSHPULL_PORT=8000 \
    PUSHPULL_LOG_FORMAT=json
USER pushpull
WORKDIR /data
VOLUME ["/data", "/srv/targets"]
EXPOSE 8000
# The server stops within five seconds, open streams included.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PUSHPULL_PORT'] + '/healthz', timeout=2)"]
CMD ["pushpull", "serve"]
