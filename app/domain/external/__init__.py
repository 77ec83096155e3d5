"""Systems that deliver in our place and tell us of it: what each of them sends, read as one form.

A system is a module in `systems` and a line in `system_registry.py`; nothing else knows one by its name.
"""

from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.reading import MOST_BYTES, understood
from app.domain.external.system_registry import SYSTEMS, title_of
from app.domain.external.told import DeliveryStep, Standing, Told

__all__ = [
    "MOST_BYTES",
    "SYSTEMS",
    "DeliveryStep",
    "ExternalSystem",
    "SentEvent",
    "Standing",
    "Told",
    "title_of",
    "understood",
]
