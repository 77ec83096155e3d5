"""`python -m app` and the `pushpull` command."""

from app.cli.kept_imports import kept

with kept():
    from app.cli.command_line import main

if __name__ == "__main__":
    main()

__all__ = ["main"]
