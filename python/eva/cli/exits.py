"""How a command ends: the exit codes of `docs/cli.md`, and one clear line on stderr."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from io import StringIO
from typing import NoReturn

import typer

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class ExitCode(IntEnum):
    """What `eva` tells the shell."""

    OK = 0
    BELOW = 1
    """A value was under `--fail-under`; for `eva doctor`: a check failed."""
    USAGE = 2
    """The command line or the input was wrong, or the output cannot be written."""
    DAEMON = 3
    """No daemon, one that cannot be reached, one that refused the token, one that went away."""
    MODEL = 4
    """The model, the request or its deadline failed; for `--fail-under`: a step has no score."""
    RUNNING = 5
    """A daemon runs already."""
    CLOSED = 141
    """Nobody reads the output any more: what a shell sees of a program that SIGPIPE ended."""


def visible(text: str) -> str:
    """`text` with its control characters (but line ends and tabs) as their pictures.

    What a proof file or a model wrote must not move the terminal's cursor or set its title.
    """
    return "".join(_picture(char) for char in text)


def tell(message: str, *, label: str = "eva", style: str = "bold") -> None:
    """Print one line on stderr, `label: message`; line ends in `message` become spaces.

    Where stderr cannot be written (a full disk, nobody reads), nothing is raised: the exit code has to do.
    """
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble((f"{label}: ", style), " ".join(visible(message).split()))
    drawn = StringIO()  # rich itself would end the process where nobody reads, and print nothing at COLUMNS=0
    colours = Console(stderr=True).is_terminal
    Console(file=drawn, width=80, force_terminal=colours).print(line, soft_wrap=True)
    with suppress(OSError):
        typer.echo(drawn.getvalue(), nl=False, err=True, color=True)


def fail(code: ExitCode, message: str) -> NoReturn:
    """Say `message` in one line on stderr and end the command with `code`."""
    _tell_error(message)
    raise typer.Exit(code)


@contextmanager
def output_failures() -> Iterator[None]:
    """Around a whole command: end with `CLOSED` where its reader went away, with `USAGE` on a full disk.

    rich and typer end the former with 1, which must mean `BELOW`.
    """
    try:
        yield
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise SystemExit(ExitCode.CLOSED) from end
        raise
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename is not None:
            raise
        _tell_error(f"the output cannot be written: {error.strerror}")
        raise SystemExit(ExitCode.USAGE) from error
    finally:
        _drop_unwritten()


def _tell_error(message: str) -> None:
    tell(message, label="eva: error", style="bold red")


def _drop_unwritten() -> None:
    """Send what cannot be written nowhere: Python would try it again at its end, and end with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _picture(char: str) -> str:
    code = ord(char)
    if char in "\n\t":
        return char
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return "�" if 0x80 <= code < 0xA0 else char
