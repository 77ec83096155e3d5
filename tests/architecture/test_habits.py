"""What people and CI call before a change goes in: hooks that ask the Makefile, and a machine with next to nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BARE = ROOT / ".ci" / "bare"
NEEDED = ("python3", "git", "make")
needed = pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)),
    reason=f"not all of {', '.join(NEEDED)} are on the PATH: .ci/bare was not tested",
)


def bare(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BARE, *argv], capture_output=True, text=True, check=False)


def test_every_hook_is_a_target_of_the_makefile_and_nothing_is_fetched() -> None:
    config = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert set(re.findall(r"repo: (\S+)", config)) == {"local"}
    asked = re.findall(r"entry: (.+)", config)
    assert asked
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert {f"make {target}" for target in re.findall(r"^([a-z]+):", makefile, re.MULTILINE)} >= set(asked)


@needed
def test_a_bare_machine_has_python_git_and_make_and_nothing_optional() -> None:
    script = "for name in $0 $@; do command -v $name >/dev/null && echo $name; done; exit 7"
    optional = ("ssh", "ssh-keygen", "sshd", "rsync", "curl", "busybox", "ip", "iptables", "chromium", "docker", "uv")
    asked = bare("sh", "-c", script, *NEEDED, *optional)
    assert (asked.stdout.split(), asked.stderr, asked.returncode) == ([*NEEDED], "", 7)


@needed
def test_a_bare_machine_is_the_same_python_and_leaves_nothing_behind() -> None:
    asked = bare("python3", "-c", "import os, sys; print(os.environ['PATH']); print(sys.executable)")
    folder, program = asked.stdout.splitlines()
    assert not Path(folder).exists()
    assert Path(program).is_file()


def test_no_sentence_chooses_its_own_number() -> None:
    """Plurals are made in app/wording; what is made by hand forgets one form or the other."""
    by_hand = re.compile(r"""[a-z]['"] if [^{}\n]{1,60} [!=]= 1 else""")
    places = [*ROOT.glob("app/**/*.py"), *ROOT.glob("templates/**/*.html")]
    assert not [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in places
        if path.parent.name != "wording"
        for found in by_hand.finditer(path.read_text("utf-8"))
    ]


def test_migrations_are_one_chain() -> None:
    """Two that were written side by side would each be a head, and no database could be brought up to date."""
    told = [path.read_text("utf-8") for path in sorted((ROOT / "migrations" / "versions").glob("*.py"))]
    made = [re.search(r'^revision = "(\w+)"$', text, re.M) for text in told]
    follow = [re.search(r'^down_revision = "(\w+)"$', text, re.M) for text in told]
    numbers = [found.group(1) for found in made if found]
    assert len(set(numbers)) == len(told)
    assert [found.group(1) for found in follow if found] == numbers[:-1]
