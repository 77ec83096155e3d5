"""The description of the kind "ssh"."""

from __future__ import annotations

from app.domain.specification.target_address import AddressForm
from app.domain.specification.target_kind import FieldType, FieldWords, Pin, TargetField, TargetKind
from app.ssh.hostkeys import fingerprint
from app.targets.files.layouts import LAYOUT_FIELDS, LEFTOVERS

PATH_MAX = 2000  # so that what is delivered below still fits into the host's own limit
PORT = 22
KEY = ("ssh-key",)
HOST_KEY = Pin(
    of=("host", "port"),
    noun="host key",
    title="Host key",
    question="Is this the server that you mean?",
    compare="Compare it with what its administrator says (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there).",
    hint="The server's host key is pinned: {}. Compare it with `ssh-keygen -lf` there.",
    fingerprint=fingerprint,
)
JUMP_FIELDS = (
    TargetField("host", "Jump host", "Empty for a direct connection.", required=True, limit=260, row="login"),
    TargetField("port", "Its port", type=FieldType.NUMBER, default=PORT, low=1, high=65535, row="login"),
    TargetField("user", "Account there", required=True, limit=64, row="login"),
    TargetField("credential", "SSH key for it", limit=63, credential=KEY),
    TargetField("host_key", "Its host key", limit=4000, pin=HOST_KEY),
)
SSH = TargetKind(
    name="ssh",
    title="Directory on a server, over SSH",
    help="A directory on any host with sshd, a POSIX shell and tar; nothing of PushPull is installed there.",
    fields=(
        TargetField(
            "host", "Server", "Name or address. It needs sshd, a POSIX shell and tar; no Python, no agent.",
            placeholder="web1.example.com", required=True, limit=260, row="login",
        ),
        TargetField("port", "Port", type=FieldType.NUMBER, default=PORT, low=1, high=65535, row="login"),
        TargetField(
            "user", "Account", "One that may write the directory, and little else.",
            placeholder="deploy", required=True, limit=64, row="login",
        ),
        TargetField(
            "path", "Directory there",
            "Made if it is not there. PushPull lists what it delivers and touches nothing else.",
            placeholder="/srv/shop", required=True, limit=PATH_MAX,
        ),
        TargetField(
            "credential", "SSH key", "Stored under Settings; never shown again.", limit=63, credential=KEY,
            beside=FieldWords("SSH credential", "Name of a stored key, for a target over SSH."),
        ),
        TargetField(
            "host_key", "Host key",
            "Pinned: a server that shows another one is refused. Left empty, it is looked up and shown to you before "
            "anything is saved.",
            placeholder="ssh-ed25519 AAAA…", limit=4000, pin=HOST_KEY,
        ),
        *LAYOUT_FIELDS,
        TargetField("jump", "Through a jump host", type=FieldType.GROUP, noun="jump host", fields=JUMP_FIELDS),
    ),
    identity="{host}:{port}:{path} ({layout})",
    address=AddressForm(
        "a directory on a host", "ssh://user@host:port/srv/shop", "ssh://user@host/path",
        scheme="ssh", host="host", port="port", user="user", path="path", usual_port=PORT,
        hostname=True,
    ),
    leftovers=LEFTOVERS,
)  # fmt: skip
