"""Settings: environment variables with the prefix PUSHPULL_. Read by the composition roots only.

Every field's description is its documentation; docs/configuration.md is generated from here.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser().resolve() for part in text.split(":") if part)


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class Settings(BaseSettings):
    """One installation."""

    model_config = SettingsConfigDict(env_prefix="PUSHPULL_", extra="ignore")

    data_dir: Path = Field(Path("var"), description="Directory for the database, mirrors, inventories and keys.")
    database_url: SecretStr | None = Field(
        None, description="SQLAlchemy address of SQLite or PostgreSQL. Default: a SQLite file in the data directory."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    bootstrap_token: SecretStr | None = Field(
        None, description="An admin API token with this value is created at the first start."
    )
    admin_password: SecretStr | None = Field(
        None, description="Password of the first admin; without it a one-time password is printed at the first start."
    )
    source_roots: Annotated[str, NoDecode] = Field(
        "",
        description="Colon-separated directories below which local repositories may lie. Default: the data directory.",
    )
    target_roots: Annotated[str, NoDecode] = Field(
        "",
        description="Colon-separated directories below which directory targets may lie. Default: the data directory.",
    )
    commands: bool = Field(True, description="Whether hooks and command health checks may run on this machine.")
    workers: int = Field(
        4,
        ge=0,
        le=64,
        description="Operations that run at the same time in this process; 0: none. While all wait, up to three "
        "times as many help; the last ones only for environments whose last sync did not fail.",
    )
    scheduler: bool = Field(True, description="Whether this process polls sources and scans for drift.")
    public_url: str = Field(
        "", description="Address under which people and pipelines reach this server; used in snippets."
    )
    notice: str = Field(
        "",
        max_length=500,
        description="A sentence that stands above every page, such as what this installation is for.",
    )
    trusted_proxies: Annotated[str, NoDecode] = Field(
        "",
        description="Comma-separated addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are "
        'believed; "unix" for those on a Unix socket. Default: none.',
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token that /metrics asks for. Default: /metrics is open; it holds figures, no names."
    )
    audit_anchor: str = Field(
        "",
        description="File that each checkpoint's end of the audit log is added to, once a minute at most; put it where "
        "others keep it, such as a mount from another host. Verification compares with it. Default: none.",
    )
    secure_cookies: bool = Field(
        False, description="Send the log-in cookie over HTTPS only; set it behind a TLS proxy."
    )
    log_format: str = Field("text", pattern="^(text|json)$", description='"text" for people, "json" for machines.')
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level that is logged.")

    @field_validator("trusted_proxies")
    @classmethod
    def _named(cls, text: str) -> str:
        for one in _words(text):
            try:
                one == "unix" or ip_network(one, strict=False)
            except ValueError:
                raise ValueError(f"'{one[:80]}' must be an address, a network such as 10.0.0.0/8, or unix") from None
        return text

    def folder(self) -> Path:
        """The data directory, absolute."""
        return self.data_dir.expanduser().resolve()

    def database(self) -> str:
        """The database's address."""
        if self.database_url is not None and self.database_url.get_secret_value():
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.folder() / 'pushpull.db'}"

    def sources(self) -> tuple[Path, ...]:
        """Roots of local repositories."""
        return _folders(self.source_roots) or (self.folder(),)

    def targets(self) -> tuple[Path, ...]:
        """Roots of directory targets."""
        return _folders(self.target_roots) or (self.folder(),)

    def proxies(self) -> tuple[str, ...]:
        """Addresses and networks of the proxies that are trusted, and "unix"."""
        return _words(self.trusted_proxies)

    def anchor(self) -> Path | None:
        """The file that holds the audit log's ends away from the data directory; None where there is none."""
        return Path(self.audit_anchor).expanduser().resolve() if self.audit_anchor else None

    def shared_database(self) -> bool:
        """Whether other processes may work on the same database."""
        return not self.database().startswith("sqlite")
