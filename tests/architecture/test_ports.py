"""A port says in full what its methods do; an adapter that repeats it would only grow old."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
IMPLEMENTS = re.compile(r"[Ii]mplements (?:the )?ports? ([^.;:]*)")
Methods = Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]


def classes(folder: Path) -> dict[str, ast.ClassDef]:
    trees = (ast.parse(path.read_text("utf-8")) for path in sorted(folder.rglob("*.py")))
    return {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}


def methods(node: ast.ClassDef) -> Methods:
    return {one.name: one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


def bases(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base) for base in node.bases]


def ports() -> dict[str, ast.ClassDef]:
    found = classes(APP / "ports")
    return {name: node for name, node in found.items() if any("Protocol" in one for one in bases(node))}


def test_every_method_of_a_port_says_what_it_does() -> None:
    bare = [
        f"{name}.{method}"
        for name, node in ports().items()
        for method, code in methods(node).items()
        if len(ast.get_docstring(code) or "") < 20
    ]
    assert bare == []


def _promised(name: str, found: Mapping[str, ast.ClassDef], known: Mapping[str, ast.ClassDef]) -> set[str]:
    """The methods that a class has from the ports which it, or a class that it extends, says that it implements."""
    if name not in found:
        return set()
    node, promised = found[name], set[str]()
    for words in IMPLEMENTS.findall(ast.get_docstring(node) or ""):
        for port in re.findall(r"\b[A-Z]\w+\b", words):
            waiting = [port]
            while waiting:
                one = waiting.pop()
                if one in known:
                    promised |= methods(known[one]).keys()
                    waiting += bases(known[one])
    return promised.union(*(_promised(base, found, known) for base in bases(node)))


def test_what_a_class_says_that_it_implements_is_a_port() -> None:
    named = {
        re.findall(r"\b[A-Z]\w+\b", words)[0]: name
        for name, node in classes(APP).items()
        for words in IMPLEMENTS.findall(ast.get_docstring(node) or "")
    }
    assert {port: name for port, name in named.items() if port not in ports() and port != "Ground"} == {}


def test_what_implements_a_port_does_not_say_it_again() -> None:
    known, found = ports(), classes(APP)
    again = [
        f"{name}.{method}"
        for name, node in found.items()
        if name not in known
        for method in _promised(name, found, known) & methods(node).keys()
        if ast.get_docstring(methods(node)[method])
    ]
    assert sorted(again) == []
