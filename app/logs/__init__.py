"""Logs: lines for people or JSON for machines, on standard error, with everything that looks like a secret masked.

Modules that an agent loads as well use `logging.getLogger` with `extra`; which of the two writers shows them is up to
the composition root: `structured` (the server) or `light` (an agent, which has no room for structlog's 6 MB).
"""
