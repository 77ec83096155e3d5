"""Kamal: two hooks of ours, which post our own form."""

from __future__ import annotations

from app.domain.environment import Mode
from app.domain.external.external_system import ExternalSystem
from app.domain.external.systems.json_form import HEADERS, PROOFS, read

STEPS = """\
#!/bin/sh
# .kamal/hooks/pre-deploy, and the same file as .kamal/hooks/post-deploy (chmod +x both)
phase=started
if [ -n "$KAMAL_RUNTIME" ]; then phase=succeeded; fi
if [ -n "$KAMAL_RUNTIME" ] && [ "$KAMAL_COMMAND" = rollback ]; then phase=rolled_back; fi
body=$(printf '{"phase": "%s", "revision": "%s", "at": "%s", "actor": "%s", "environment": "%s", "took_s": "%s"}' \\
  "$phase" "${KAMAL_VERSION%%_uncommitted_*}" "$KAMAL_RECORDED_AT" "$KAMAL_PERFORMER" "$KAMAL_DESTINATION" \\
  "$KAMAL_RUNTIME")
curl --fail-with-body -sS --max-time 10 @URL@ -H "Content-Type: application/json" \\
  -H "X-PushPull-Token: $PUSHPULL_SECRET" -d "$body" || echo "PushPull was not told"
"""

KAMAL = ExternalSystem(
    "kamal", "Kamal",
    "The secret in the hooks' environment, as PUSHPULL_SECRET",
    proofs=(PROOFS[1], PROOFS[0]), delivery=HEADERS, event=(), body_event="phase",
    read=read, mode=Mode.PUSH, called="destination", place="In the application's repository", steps=STEPS,
)  # fmt: skip
