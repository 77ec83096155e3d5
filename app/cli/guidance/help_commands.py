"""`pushpull help` and `pushpull completion`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.connection.connecting import HELP
from app.cli.surface import exit_codes
from app.client import Failure

TOPICS = {
    "exit-codes": "\n".join(exit_codes.lines()),
    "connection": HELP,
}
SHELLS = ("bash", "zsh", "fish")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("help")(help_)
    app.command("completion")(completion)


def help_(
    ctx: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND|TOPIC]", help="Such as push.")] = None,
) -> None:
    """Show the help of a command or a topic; topics are exit-codes and connection.

    Examples:
        pushpull help env add
        pushpull help exit-codes
    """
    root = ctx.find_root()
    if words and len(words) == 1 and words[0] in TOPICS:
        typer.echo(TOPICS[words[0]])
        return
    command: Any = root.command
    context: Any = root
    for word in words or ():
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            raise Failure(f"there is no help on '{' '.join(words or ())}'; topics are {', '.join(TOPICS)}", 2)
        context = command.context_class(command, info_name=word, parent=context)
    typer.echo(command.get_help(context))


def completion(shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print what makes a shell complete commands, options and names.

    Examples:
        pushpull completion bash > ~/.local/share/bash-completion/completions/pushpull
        pushpull completion zsh > ~/.zfunc/_pushpull
        pushpull completion fish > ~/.config/fish/completions/pushpull.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    if shell not in SHELLS:
        raise Failure(f"there is no completion for '{shell}'; SHELL is {', '.join(SHELLS[:-1])} or {SHELLS[-1]}", 2)
    typer.echo(get_completion_script(prog_name="pushpull", complete_var="_PUSHPULL_COMPLETE", shell=shell))
