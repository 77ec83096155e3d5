"""What the bundled repository holds: a small shop's site and service configuration, and the changes that people make to
it. The demo delivers it, and experiments do unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Files = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who commits."""

    name: str
    email: str


MIRA = Author("Mira Okafor", "mira@bakery.example")
JONAS = Author("Jonas Lindqvist", "jonas@bakery.example")
YUKI = Author("Yuki Tanaka", "yuki@bakery.example")
SAM = Author("Sam Duarte", "sam@bakery.example")


@dataclass(frozen=True, slots=True)
class SiteStep:
    """One commit: files below the repository's root, None to delete one."""

    author: Author
    message: str
    files: Files
    hours_ago: float = 0.0


def page(title: str, body: str) -> str:
    """A page of the site."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n  <meta charset="utf-8">\n'
        f'  <title>{title} - Corner Bakery</title>\n  <link rel="stylesheet" href="style.css">\n</head>\n'
        f"<body>\n  <h1>{title}</h1>\n  {body}\n</body>\n</html>\n"
    )


def nginx(workers: int, cache: str, extra: str = "") -> str:
    """The web server's configuration."""
    return (
        f"worker_processes {workers};\n\nevents {{\n    worker_connections 1024;\n}}\n\nhttp {{\n"
        f"    sendfile on;\n    server {{\n        listen 8080;\n        root /srv/bakery/site;\n"
        f"        location / {{\n            expires {cache};\n        }}\n{extra}    }}\n}}\n"
    )


def app_env(version: str, limit: int) -> str:
    """The order service's settings; its password is what a diff must never show."""
    return (
        f"ORDERS_VERSION={version}\nORDERS_LIMIT={limit}\nDATABASE_HOST=db.internal\n"
        f"DATABASE_PASSWORD=demo-only-{limit}\nLOG_LEVEL=info\n"
    )


PRICES = "name,price\nSourdough,4.80\nRye,5.20\nBaguette,2.40\nCinnamon roll,3.10\n"
RELOAD = "#!/bin/sh\n# Ask the web server to read its configuration again.\nset -eu\nnginx -t\nnginx -s reload\n"
STYLE = "body { font: 1rem/1.5 system-ui; margin: 3rem auto; max-width: 40rem; }\nh1 { color: #7a3e12; }\n"
HEALTH = "        location = /up {\n            return 200;\n        }\n"

HISTORY: tuple[SiteStep, ...] = (
    SiteStep(MIRA, "Start the bakery's site", {
        "README.md": "# Corner Bakery\n\nWhat runs on our servers lies below `deploy/`.\n",
        "deploy/site/index.html": page("Corner Bakery", "<p>Fresh bread from six in the morning.</p>"),
        "deploy/site/style.css": STYLE}, 200),
    SiteStep(JONAS, "Serve it with nginx", {"deploy/nginx.conf": nginx(1, "1h")}, 180),
    SiteStep(YUKI, "Add the order service's settings", {"deploy/orders/app.env": app_env("1.0.0", 40)}, 160),
    SiteStep(MIRA, "Price list", {"deploy/site/prices.csv": PRICES,
         "deploy/site/prices.html": page("Prices", "<p>See <a href=\"prices.csv\">the list</a>.</p>")}, 140),
    SiteStep(SAM, "Script to reload the web server", {"deploy/bin/reload.sh": RELOAD}, 120),
    SiteStep(JONAS, "Two workers, longer cache", {"deploy/nginx.conf": nginx(2, "6h")}, 100),
    SiteStep(YUKI, "Orders 1.1.0", {"deploy/orders/app.env": app_env("1.1.0", 60)}, 80),
    SiteStep(MIRA, "Opening hours", {"deploy/site/hours.html": page("Hours", "<p>Tuesday to Sunday, 6 to 14.</p>")},
             60),
    SiteStep(SAM, "Explain how we deliver", {
        "README.md": "# Corner Bakery\n\nWhat runs lies below `deploy/`. PushPull brings it there.\n"}, 48),
    SiteStep(JONAS, "Answer health checks at /up", {"deploy/nginx.conf": nginx(2, "6h", HEALTH)}, 36),
    SiteStep(MIRA, "Rye is seasonal", {"deploy/site/prices.csv": PRICES.replace("Rye,5.20\n", "")}, 12),
    SiteStep(YUKI, "Orders 1.2.0", {"deploy/orders/app.env": app_env("1.2.0", 80)}, 2),
)  # fmt: skip


def next_step(number: int) -> SiteStep:
    """The commits that keep coming, one after the other, each a small plausible change."""
    turn, round = number % 6, number // 6
    if turn == 0:
        price = f"{4.9 + 0.1 * (round % 8):.2f}"
        return SiteStep(MIRA, f"Sourdough costs {price} now", {"deploy/site/prices.csv": PRICES.replace("4.80", price)})
    if turn == 1:
        version = f"1.{3 + round}.0"
        return SiteStep(YUKI, f"Orders {version}", {"deploy/orders/app.env": app_env(version, 100 + 10 * round)})
    if turn == 2:
        body = f"<p>Special {number}: plum cake, while it lasts.</p>"
        return SiteStep(SAM, f"Special of the day {number}", {"deploy/site/special.html": page("Special", body)})
    if turn == 3:
        workers = 2 + round % 3
        text = f"Run {workers} workers"
        return SiteStep(JONAS, text, {"deploy/nginx.conf": nginx(workers, f"{6 + round}h", HEALTH)})
    if turn == 4:
        return SiteStep(MIRA, "Take the special down", {"deploy/site/special.html": None})
    return SiteStep(
        SAM, f"Notes for operators {number}", {"docs/operators.md": f"Nothing below deploy/ changes here: {number}.\n"}
    )
