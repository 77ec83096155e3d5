"""Webhook deliveries of the providers: what proves them, what identifies them, what they announce.

Formats follow the providers' webhook documentation. The provider comes from the route; a header never chooses it.
"""

from app.domain.webhook.provider import Announcement, Proof, Provider, Sender
from app.domain.webhook.provider_registry import PROVIDERS
from app.domain.webhook.received_body import FORM, MAX_BODY, ReceivedBody
from app.domain.webhook.secret_rules import usable
from app.domain.webhook.signatures import authenticate, delivery_id, proven, read

__all__ = [
    "FORM",
    "MAX_BODY",
    "PROVIDERS",
    "Announcement",
    "Proof",
    "Provider",
    "ReceivedBody",
    "Sender",
    "authenticate",
    "delivery_id",
    "proven",
    "read",
    "usable",
]
