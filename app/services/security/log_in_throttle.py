"""How often a password may be tried. An attempt is counted before its password is checked, in the database that all
servers share, so that guesses at the same time do not pass the limit; what turns out right is not counted after all."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from app.domain.errors import TooManyAttempts
from app.ports import Ports, Transaction
from app.wording.quantities import plural

WINDOW = timedelta(minutes=15)
PER_PAIR, PER_DEVICE = 10, 10  # one name from one address; one browser that logged in before
PER_NAME, PER_ADDRESS = 50, 50  # one name from anywhere; any names from one address


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries to log in: as whom, from where, and by which known device ("" for one that is not known).

    A known device is let through the lock-out of its name and its address: no stranger can keep its owner out.
    """

    name: str
    ip: str | None
    device: str = ""

    def limits(self) -> Mapping[str, int]:
        """What is counted, with how many failures it may have. Names stand in it as a short hash: people type passwords
        into the name's field."""
        if self.device:
            return {f"device:{self.device[:100]}": PER_DEVICE}
        name, place = _short(self.name.lower()), place_of(self.ip)
        return {f"pair:{name}:{place}": PER_PAIR, f"name:{name}": PER_NAME, f"ip:{place}": PER_ADDRESS}


class LogInThrottle:
    """Counts attempts to log in."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def enter(self, attempt: Attempt) -> None:
        """Count the attempt as failed. Raises TooManyAttempts where there were too many already."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            waits = [_wait(tx, key, limit, now) for key, limit in sorted(attempt.limits().items())]
            for key in () if any(waits) else attempt.limits():
                tx.identities.add_failed_login(key, now)
        if any(waits):
            raise too_many(max(waits))

    def passed(self, tx: Transaction, attempt: Attempt) -> None:
        """The password was right: what this place failed before is forgiven, and this attempt was no failure."""
        for key, limit in attempt.limits().items():
            if limit in (PER_PAIR, PER_DEVICE):
                tx.identities.clear_failed_logins(key)
            else:
                tx.identities.forgive_failed_login(key)

    def forgive(self, tx: Transaction, name: str) -> None:
        """Nobody is locked out of this name any more."""
        tx.identities.clear_failed_logins(f"name:{_short(name.lower())}")
        tx.identities.clear_failed_logins(f"pair:{_short(name.lower())}:", below=True)


def too_many(wait_s: float) -> TooManyAttempts:
    """The refusal; sentence and Retry-After say the same time."""
    seconds = max(1, math.ceil(wait_s))
    minutes = math.ceil(seconds / 60)
    if seconds > 60:
        text = f"Too many failed log-ins; try again in {minutes} minutes."
        return TooManyAttempts(text, retry_after_s=minutes * 60)
    return TooManyAttempts(f"Too many failed log-ins; try again in {plural(seconds, 'second')}.", retry_after_s=seconds)


def _wait(tx: Transaction, key: str, limit: int, now: datetime) -> float:
    """Seconds until one more attempt is within the limit; 0: now."""
    found = tx.identities.failed_login_times(key, now - WINDOW, now)
    return (found[-limit] + WINDOW - now).total_seconds() if len(found) >= limit else 0.0


def place_of(ip: str | None) -> str:
    """An address as it is counted: of IPv6 the network of 64 bits, which one client has as a whole."""
    try:
        found = ip_address(ip or "")
    except ValueError:
        return "none"
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def _short(text: str) -> str:
    """Sixteen bits: enough to tell names apart, too few to guess a text from."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:4]
