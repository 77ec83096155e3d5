"""Help as people read it: whole summaries, examples as they are typed, `-h` everywhere, and terminals of any width.

A command's docstring may end in "Examples:", one command a line.
"""

from __future__ import annotations

import copy
import shutil
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

NARROW, WIDEST = 60, 100
SHARED = ("profile", "url", "token_file")
MORE = "Also takes --profile, --url and --token-file: `pushpull help connection`."


def settings() -> dict[str, Any]:
    """What every context of the command line has."""
    columns = shutil.get_terminal_size().columns
    width = max(24, min(columns - 1, WIDEST))
    return {"help_option_names": ["-h", "--help"], "terminal_width": width, "max_content_width": width}


def parted(help: str | None) -> tuple[str, tuple[str, ...]]:
    """A docstring's text, and its examples."""
    text, _, examples = (help or "").partition("Examples:\n")
    return text.strip(), tuple(textwrap.dedent(examples).strip().splitlines())


def summary(text: str) -> str:
    """The first sentence of a text, whole."""
    first = " ".join(text.partition("\n\n")[0].split())
    return first.partition(". ")[0].removesuffix(".")


_Formatter: Any = typer.Context.formatter_class


class HelpFormatter(_Formatter):  # type: ignore[misc]
    """Terms above their explanations where there is no room for two columns."""

    def getvalue(self) -> str:
        """The help, without blanks at the ends of its lines."""
        return "\n".join(line.rstrip() for line in super().getvalue().split("\n"))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """A list of terms."""
        if self.width >= NARROW:
            super().write_dl(rows, col_max, col_spacing)
            return
        for term, text in rows:
            indent = " " * self.current_indent
            self.write(textwrap.fill(term, self.width, initial_indent=indent, subsequent_indent=indent + "  ") + "\n")
            indent += "    "
            if text:
                self.write(textwrap.fill(text, self.width, initial_indent=indent, subsequent_indent=indent) + "\n")


class HelpContext(typer.Context):
    """A context whose help fits its terminal."""

    formatter_class = HelpFormatter


class HelpfulCommand(TyperCommand):
    """A command with examples. `more`: a line at the end of its help."""

    context_class = HelpContext
    more = ""

    def __init__(self, *args: Any, help: str | None = None, **given: Any) -> None:
        text, self.examples = parted(help)
        super().__init__(*args, help=text, **given)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The summary, whole."""
        return summary(self.help or "")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage, with arguments as everybody writes them: ENV, [REVISION]."""
        pieces = (piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx))
        return [piece.replace("[[", "[").replace("]]", "]") for piece in pieces]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples, as they are typed."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        if self.more:
            formatter.write_paragraph()
            formatter.write_text(self.more)


class ClientCommand(HelpfulCommand):
    """A command that asks a server: it takes the options of the connection as `pushpull` itself does."""

    more = MORE

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own options, and those of the connection."""
        return [*super().get_params(ctx), *_shared(ctx.find_root().command)]


def _shared(root: Any) -> Iterable[Any]:
    for option in root.params:
        if option.name in SHARED:
            mine = copy.copy(option)
            mine.hidden, mine.expose_value, mine.envvar = True, False, None
            yield mine


class HelpfulGroup(TyperGroup):
    """A group whose list shows whole summaries."""

    context_class = HelpContext

    def get_short_help_str(self, limit: int = 45) -> str:
        """The summary, whole."""
        return summary(self.help or "")


class CommandGroup(typer.Typer):
    """A group of commands. `of`: the class of those that name none."""

    def __init__(self, *, of: type[HelpfulCommand] = ClientCommand, **given: Any) -> None:
        self._of = of
        super().__init__(
            no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
            cls=HelpfulGroup, **given,
        )  # fmt: skip

    def command(self, name: str | None = None, **given: Any) -> Callable[[Any], Any]:
        """Add a command."""
        return super().command(name, **{"cls": self._of, **given})
