"""Driving adapter: HTTP. Pages, REST, webhooks, the event stream."""
