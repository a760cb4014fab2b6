"""How a command ends: the exit codes of `docs/cli.md`, and one clear line on stderr."""

from __future__ import annotations

from enum import IntEnum
from typing import NoReturn

import typer


class ExitCode(IntEnum):
    """What `eva` tells the shell."""

    OK = 0
    BELOW = 1
    """A value was under `--fail-under`; for `eva doctor`: a check failed."""
    USAGE = 2
    """The command line or the input was wrong."""
    DAEMON = 3
    """No daemon, one that cannot be reached, one that refused the token, one that went away."""
    MODEL = 4
    """The model, the request or its deadline failed; steps are left without a score."""
    RUNNING = 5
    """A daemon runs already."""


def visible(text: str) -> str:
    """`text` with its control characters (but line ends and tabs) as their pictures.

    What a proof file or a model wrote must not move the terminal's cursor or set its title.
    """
    return "".join(_picture(char) for char in text)


def tell(message: str, *, label: str = "eva", style: str = "bold") -> None:
    """Print one line on stderr, `label: message`; line ends in `message` become spaces."""
    from rich.console import Console
    from rich.text import Text

    line = " ".join(visible(message).split())
    Console(stderr=True).print(Text.assemble((f"{label}: ", style), line), soft_wrap=True)


def fail(code: ExitCode, message: str) -> NoReturn:
    """Say `message` in one line on stderr and end the command with `code`."""
    tell(message, label="eva: error", style="bold red")
    raise typer.Exit(code)


def _picture(char: str) -> str:
    code = ord(char)
    if char in "\n\t":
        return char
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return "�" if 0x80 <= code < 0xA0 else char
