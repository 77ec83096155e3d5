"""Secrets do not show: in no style, at no place; and what is none stays readable."""

from __future__ import annotations

import json
import re
import shlex
import string
import time
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.masking import MASK, announced_secrets, mask, secret_manifests, secret_shapes, secret_values
from app.domain.masking.secret_names import is_secret, is_secret_file

KEYS = [
    "password",
    "passwd",
    "PASSWORD",
    "DB_PASSWORD",
    "db.passwd",
    "rootPassword",
    "pwd",
    "MYSQL_PWD",
    "secret",
    "client_secret",
    "clientSecret",
    "token",
    "GITHUB_TOKEN",
    "access-token",
    "api_key",
    "apiKey",
    "API-KEY",
    "x-api-key",
    "private_key",
    "privateKey",
    "aws_secret_access_key",
    "authorization",
    "credential",
    "passphrase",
    "redis_pass",
    "SENTRY_DSN",
    "encryption_key",
    "signing-key",
    "ssh_key",
    "cookie",
    "spring.datasource.password",
    "connection_string",
    "session_key",
    "NPM_PAT",
    "JWT",
]
NO_KEYS = [
    "user",
    "name",
    "monkey",
    "path",
    "url",
    "compass",
    "bypass",
    "keyboard",
    "tokenizer",
    "secretName",
    "passwordFile",
    "PASSWORD_FILE",
    "max_tokens",
]
MARKS = "!#$%&()*+,-./:;<=>?@[]^_{|}~\"'` \\"
WORDS = st.text(string.ascii_letters + string.digits, min_size=6, max_size=40)
ODD = st.builds("".join, st.tuples(WORDS, st.text(MARKS + string.ascii_letters, max_size=12), WORDS))

STYLES: dict[str, Callable[[str, str], str]] = {
    "env, quoted": lambda key, value: f"{key}={shlex.quote(value)}",
    "env, bare": lambda key, value: f"{key}={value}",
    "export": lambda key, value: f"export {key}={shlex.quote(value)} # note",
    "ini": lambda key, value: f"[part]\n{key} = {value}\nuser = bob",
    "properties": lambda key, value: f"{key}: {value}",
    "yaml, plain": lambda key, value: f"a:\n  {key}: {value}\n  user: bob",
    "yaml, double quotes": lambda key, value: f"- {key}: {json.dumps(value)}  # note",
    "yaml, single quotes": lambda key, value: f"{key}: '{value.replace(chr(39), chr(39) * 2)}'",
    "yaml, flow": lambda key, value: f"a: {{user: bob, {key}: {json.dumps(value)}, b: 1}}",
    "yaml, list": lambda key, value: f"{key}:\n- {value}\n- {value}2\nuser: bob",
    "json": lambda key, value: json.dumps({"user": "bob", key: value, "n": 1}),
    "json, indented": lambda key, value: json.dumps({"a": {key: value}, "n": 1}, indent=2),
    "json, list": lambda key, value: json.dumps({"a": {key: [value, "x"]}, "n": 1}, indent=2),
    "json in json": lambda key, value: json.dumps({"a": json.dumps({key: value, "n": 1})}),
    "toml": lambda key, value: f"[a]\n{key} = {json.dumps(value)}\nuser = 'bob'",
    "toml, many lines": lambda key, value: f'{key} = """\nfirst {value}\nlast"""\nuser = "bob"',
    "xml, element": lambda key, value: f"<a><{key}>{escape(value)}</{key}></a>",
    "xml, element with attribute": lambda key, value: f'<a><{key} type="x">\n  {escape(value)}\n</{key}></a>',
    "xml, attribute": lambda key, value: f'<a {key}={quoteattr(value)} user="bob"/>',
    "xml, key and value": lambda key, value: f'<add key="{key}" value={quoteattr(value)}/>',
    "xml, entry": lambda key, value: f'<entry key="{key}">{escape(value)}</entry>',
    "plist": lambda key, value: f"<key>{key}</key>\n<string>{escape(value)}</string>",
    "name and value, yaml": lambda key, value: (
        f"env:\n- name: {key}\n  value: {json.dumps(value)}\n- name: A\n  value: b"
    ),
    "name and value, json": lambda key, value: json.dumps([{"name": key, "value": value}, {"name": "a", "value": "b"}]),
    "name, type and value": lambda key, value: json.dumps([{"name": key, "type": "T", "value": value}]),
    "value and name": lambda key, value: json.dumps([{"value": value.replace("}", "")[:300], "name": key}]),
    "php": lambda key, value: f"$config['{key}'] = {json.dumps(value)};",
    "php, define": lambda key, value: f"define('{key}', '{value.replace(chr(39), '')}');",
    "python": lambda key, value: f'self.{key} = "start" + {json.dumps(value)}',
    "header": lambda key, value: f'curl -H "{key}: {value.replace(chr(34), "").replace(chr(92), "")}" http://x',
    "flag": lambda key, value: f"tool --{key} {shlex.quote(value.replace(chr(39), ''))} --verbose",
    "flag with =": lambda key, value: f"tool --{key}={shlex.quote(value)} --verbose",
    "argument list": lambda key, value: json.dumps(["tool", f"--{key}", value.replace('"', ""), "--verbose"]),
    "comment": lambda key, value: f"# {key}: {value}",
    "removed line": lambda key, value: f"-{key}={value}",
}


def parts(value: str) -> list[str]:
    """What of a value may not be seen: every run of six letters and digits."""
    return re.findall(r"[A-Za-z0-9]{6,}", value)


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=60)
@given(key=st.sampled_from(KEYS), value=ODD)
def test_no_secret_shows_in_any_style(style: str, key: str, value: str) -> None:
    text = f"first: 1\n{STYLES[style](key, value)}\nlast: 2\n"
    shown = mask(text)
    assert not [part for part in parts(value) if part in shown and part not in STYLES[style](key, "")]
    assert MASK in shown
    assert shown.startswith("first: 1\n")
    assert mask(shown) == shown


@pytest.mark.parametrize(
    "style",
    [
        "env, quoted",
        "ini",
        "yaml, double quotes",
        "json",
        "json, indented",
        "toml",
        "xml, element",
        "xml, attribute",
        "name and value, yaml",
        "php",
        "flag with =",
        "argument list",
    ],
)
def test_what_stands_around_a_secret_stays(style: str) -> None:
    around = STYLES[style]("password", "hunter2hunter2").split("hunter2hunter2")
    assert all(part in mask("hunter2hunter2".join(around)) for part in around)


@pytest.mark.parametrize("name", KEYS)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", NO_KEYS)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret(name)
    assert mask(f"{name}: value-of-it") == f"{name}: value-of-it"


SHAPED = {
    "AWS key": "AKIAIOSFODNN7EXAMPLE",
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitHub, fine": "github_pat_" + "11ABCDE" * 6,
    "GitLab": "glpat-" + "xY9_" * 5,
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "Slack": "xoxb-123456789012-abcdefABCDEF",
    "Google": "AIza" + "Sy1_" * 9,
    "Stripe": "sk_live_" + "4eC39Hq" * 3,
    "PyPI": "pypi-" + "AgEIcHlwaS5vcmc" * 3,
    "npm": "npm_" + "a1" * 18,
    "PushPull": "pp_" + "a-_1" * 10,
    "age": "AGE-SECRET-KEY-1" + "QPZRY9X8" * 6,
    "crypt": "$6$rounds=5000$saltsalt$" + "Ab./" * 12,
    "argon2": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
}


@pytest.mark.parametrize("name", SHAPED)
@pytest.mark.parametrize("around", ["{}", "see {} there", "x=({})", '["{}"]', "a:{},b"])
def test_tokens_are_known_by_their_shape(name: str, around: str) -> None:
    shown = mask(around.format(SHAPED[name]))
    assert set(parts(SHAPED[name])) & set(parts(shown)) <= {"argon2id"}
    assert MASK in shown


LINES = {
    "postgres://app:s3cr3tpw@db:5432/x?sslmode=on": "postgres://app:*****@db:5432/x?sslmode=on",
    "DATABASE_URL=postgres://app:p@ss/w0rd@db/x": "DATABASE_URL=postgres://app:*****@db/x",
    "redis://:s3cr3tpw@cache:6379/0": "redis://:*****@cache:6379/0",
    r"https:\/\/bob:s3cr3tpw@host\/x": r"https:\/\/bob:*****@host\/x",
    "clone https://s3cr3ttoken@git.example/x.git": "clone https://*****@git.example/x.git",
    "ssh://git@git.example:22/x.git": "ssh://git@git.example:22/x.git",
    "http://registry:4873/@scope/package": "http://registry:4873/@scope/package",
    "https://x.example/a?user=bob&sig=abc%3D&n=1": "https://x.example/a?user=bob&sig=*****&n=1",
    "https://x.example/a?access_token=abc&n=1#top": "https://x.example/a?access_token=*****&n=1#top",
    "Authorization: Basic Ym9iOmh1bnRlcjI=": "Authorization: *****",
    "sent Bearer abcdef123456 to x": "sent Bearer ***** to x",
    "basic authentication is off": "basic authentication is off",
    "root:s3cr3tpw@tcp(127.0.0.1:3306)/db": "root:*****@tcp(127.0.0.1:3306)/db",
    "db.example:5432:shop:bob:s3cr3tpw": "db.example:5432:shop:bob:*****",
    "machine x login bob password s3cr3tpw": "machine x login bob password *****",
    "requirepass s3cr3tpw": "requirepass *****",
    "ALTER USER bob PASSWORD 's3cr3t pw';": "ALTER USER bob PASSWORD *****;",
    "curl -u bob:s3cr3tpw http://x": "curl -u bob:***** http://x",
    "mysql -h db -ps3cr3tpw shop": "mysql -h db -p***** shop",
    "Server=x;Password=my s3cr3t pw;Database=y": "Server=x;Password=*****",
    "https://hooks.slack.com/services/T0/B0/abcdef": "https://hooks.slack.com/services/*****",
    "password: true": "password: true",
    'token: ""': 'token: ""',
    "automountServiceAccountToken: false": "automountServiceAccountToken: false",
    '{"token": 123456, "n": 1}': '{"token": *****, "n": 1}',
    "use std::secret::Secret;": "use std::secret::Secret;",
}


@pytest.mark.parametrize("line", LINES)
def test_single_lines(line: str) -> None:
    assert mask(line) == LINES[line]


BLOCKS = {
    "block scalar": (
        "key:\n  password: |\n    one\n\n      two\n  user: bob",
        "key:\n  password: |\n    *****\n  user: bob",
    ),
    "folded, tagged": (
        "token: !!binary >-  # c\n  b25l\n  dHdv\nuser: bob",
        "token: !!binary >-  # c\n  *****\nuser: bob",
    ),
    "list item": ("- secret: |-\n    one\n  user: bob", "- secret: |-\n    *****\n  user: bob"),
    "mapping": ("secrets:\n  a: one\n  b: two\nuser: bob", "secrets:\n  *****\nuser: bob"),
    "list at the same depth": ("tokens:\n- one\n- two\nuser: bob", "tokens:\n*****\nuser: bob"),
    "continued line": ("password=one\\\n  two\\\nthree\nuser=bob", "password=*****\nuser=bob"),
    "quotes over lines": ('PASSWORD="one\ntwo"\nUSER_NAME=bob', 'PASSWORD="*****"\nUSER_NAME=bob'),
    "brackets over lines": ('"tokens": [\n"one",\n"t]wo"\n],\n"user": 1', '"tokens": [\n*****\n],\n"user": 1'),
    "value on the next line": ('{"password":\n"one", "user": 1}', '{"password":\n"*****", "user": 1}'),
    "heredoc list": ("- --token\n- one\n- --user\n- bob", "- --token\n- *****\n- --user\n- bob"),
    "references stay": (
        "valueFrom:\n  secretKeyRef:\n    name: db\n    key: password",
        "valueFrom:\n  secretKeyRef:\n    name: db\n    key: password",
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_values_over_several_lines(name: str, newline: str) -> None:
    text, shown = BLOCKS[name]
    assert mask(text.replace("\n", newline)) == shown.replace("\n", newline)


KIND = "RSA PRIVATE KEY"
PEM = f"-----BEGIN {KIND}-----\nMIIEpAIBAAKCAQEA1aaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n-----END {KIND}-----"


def test_private_keys_are_hidden_also_when_cut_off_and_certificates_are_not() -> None:
    certificate = PEM.replace("RSA PRIVATE KEY", "CERTIFICATE")
    assert mask(f"a\n{PEM}\nb") == "a\n*****\nb"
    assert mask(f"a\n{PEM[:60]}") == "a\n*****"
    assert mask(f"a b\n{PEM[45:]}\nc") == "a b\n*****\nc"
    assert mask(json.dumps({"a": PEM})) == '{"a": "*****"}'
    assert mask(certificate) == certificate


SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","data":{"greeting":"aGlkZGVuMQ=="},"kind":"Secret"}
data:
  greeting: aGlkZGVuMQ==
  tls.crt: >-
    aGlkZGVu
    aGlkZGVu
  "quoted": 'aGlkZGVu'
type: Opaque
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\ndata:\n  greeting: hello\n"


def test_all_values_of_a_kubernetes_secret_are_hidden_and_nothing_else() -> None:
    shown = mask(f"{CONFIG}---\n{SECRET}---\n{CONFIG}")
    assert "aGlkZGVu" not in shown
    assert shown.count("greeting: hello") == 2
    assert [line for line in shown.split("\n") if MASK in line] == [
        "      *****",
        "  greeting: *****",
        "    *****",
        "  \"quoted\": '*****'",
    ]
    assert "name: shop" in shown
    assert "type: Opaque" in shown


@pytest.mark.parametrize("indent", [None, 2])
def test_json_secrets_and_their_annotation_are_hidden(indent: int | None) -> None:
    made = {"kind": "Secret", "data": {"a": "aGlkZGVu", "b": "aGlkZGVuMg=="}, "type": "Opaque"}
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(made)}
    shown = mask(json.dumps({"metadata": {"annotations": annotations}, **made}, indent=indent))
    assert "aGlkZGVu" not in shown
    assert json.loads(shown)["data"] == {"a": MASK, "b": MASK}


@pytest.mark.parametrize(
    "text",
    [
        "kind: Secret\nstringData: {a: aGlkZGVu}\n",
        "stringData:\n    a: aGlkZGVu\nkind: Secret",
        "kind: Secret\ndata:\n  a: b\n   aGlkZGVu",
        "items:\n- data:\n    a: aGlkZGVu\n  kind: Secret",
    ],
)
def test_other_ways_to_write_a_secret(text: str) -> None:
    assert "aGlkZGVu" not in mask(text)
    assert "kind: Secret" in mask(text)


def test_a_secret_is_hidden_wherever_it_stands_again() -> None:
    assert mask("password: hunter2hunter2\n# was hunter2hunter2x\n") == "password: *****\n# was *****x\n"
    assert mask("password: production\nstage: production") == "password: *****\nstage: production"


def test_the_mask_tells_neither_length_nor_number_of_lines() -> None:
    short, long = "password: |\n  a\nuser: b", "password: |\n" + "  abcdefghij\n" * 50 + "user: b"
    assert mask(short) == mask(long)


def test_files_that_hold_a_secret_and_nothing_else() -> None:
    assert all(map(is_secret_file, ["run/secrets/db_password", ".vault-token", "a/api-key.txt", "secret"]))
    assert not any(map(is_secret_file, ["password.py", "secrets.yaml", "secrets/readme", "tokens.html", "a.txt"]))


# --- work ---
PATTERNS = [
    (f"{module.__name__}.{name}", pattern)
    for module in (secret_shapes, announced_secrets, secret_values, secret_manifests)
    for name, pattern in vars(module).items()
    if isinstance(pattern, re.Pattern)
] + [("shape", pattern) for pattern in secret_shapes.SHAPES]
HOSTILE = [
    "a",
    "password ",
    'password="',
    "password='''",
    'password:"\\"',
    "password: [",
    'token:{"',
    "password: {\n",
    "password:\n",
    "password: |\n",
    "password=a\\\n",
    "<password>",
    '<password x="',
    "name: password ",
    "name: token\n",
    'name="password">',
    '"value":"a","name":"password",',
    "value: name: password ",
    "--password ",
    "--password\n",
    "://a:b",
    "://a:b@",
    "eyJ-",
    "eyJaaaaaaaaa.",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----\n",
    "AAAAAAAAAAAAAAAAAAAA\n",
    "bearer a",
    "mysql a ",
    "login a ",
    "auth: ",
    "kind: Secret\ndata:\n",
    "kind: Secret data: a: b ",
    "kind: Secret\n---\n",
    "\\" * 7 + '"',
    'token:["\\"\\"',
    "&key=a",
    "aaaaaaa1 token=aaaaaaa1 ",
    "[don't ",
    "\n",
]


@pytest.mark.thorough
@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_makes_masking_slow(piece: str) -> None:
    """A work bound, not a race: linear work takes a fifth of a second here, quadratic work minutes."""
    text = piece * (200_000 // len(piece))
    start = time.process_time()
    mask(text)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=lambda value: value if isinstance(value, str) else "")
def test_repetitions_without_bound_never_give_back(name: str, pattern: re.Pattern[str]) -> None:
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])+\]", "x", pattern.pattern)
    assert re.findall(r"(?<![*+?}])[*+](?!\+)|\{\d+,\}(?!\+)", bare) == [], name
