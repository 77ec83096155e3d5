"""The agent: a second composition root over the same use cases, beside the target that it serves.

`root` wires it, `link` speaks with the control plane (docs/decisions/0016-agent-protocol.md), `local` is what its own
machine's administrator may ask of it. Nothing here is needed to deliver, heal or roll back: the link may be away.
"""
