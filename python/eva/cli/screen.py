"""What a long command shows: results on stdout, and one live region while work goes on.

The live region (a progress line, and the step whose critique is being written) stands under the results where
stdout is a terminal, on stderr where only that is one, and nowhere in a pipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text
from rich.theme import Theme


class Screen:
    """A context manager around one command's output; the live region is gone when it ends."""

    def __init__(self) -> None:
        calm = Theme({"progress.elapsed": "dim"})
        self.out = Console(highlight=False, theme=calm)
        errors = Console(stderr=True, highlight=False, theme=calm)
        self.drafts = is_screen(self.out)
        """Whether drafts are shown."""
        where = self.out if self.drafts else errors
        self._progress = Progress(
            SpinnerColumn(style="dim"),
            TextColumn("{task.description}", style="dim"),
            BarColumn(bar_width=24, style="dim", complete_style="default", finished_style="default"),
            TimeElapsedColumn(),
            console=where,
        )
        self._task: TaskID | None = None
        self._draft: list[Text] = []
        self._live = (
            Live(get_renderable=self._region, console=where, transient=True, refresh_per_second=10)
            if is_screen(where)
            else None
        )

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._draft = []
            self._live.stop()

    def doing(self, what: str, *, total: int | None = None) -> None:
        """Say what goes on now; `total` is how many parts it has, or `None` where nobody knows."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total)

    def done(self, parts: int) -> None:
        """`parts` of what `doing` announced are done."""
        if self._task is not None:
            self._progress.update(self._task, completed=parts)

    def draft(self, lines: Sequence[Text]) -> None:
        """Show `lines` in the live region in place of the draft before."""
        self._draft = list(lines)

    def show(self, lines: Sequence[Text]) -> None:
        """Print `lines` as results."""
        for line in lines:
            self.out.print(line, no_wrap=True, crop=False, overflow="ignore")

    def print_raw(self, line: str) -> None:
        """Print `line` as it is, however long: by rich only where it has to go above the live region."""
        if self.drafts:
            self.out.print(line, markup=False, emoji=False, soft_wrap=True)
        else:
            self.out.file.write(f"{line}\n")
            self.out.file.flush()

    def _region(self) -> Group:
        return Group(*(self._draft if self.drafts else ()), self._progress.get_renderable())


def is_screen(console: Console) -> bool:
    """Whether lines on it can be drawn anew. (`FORCE_COLOR` asks for colours in a pipe, not for that.)"""
    return console.file.isatty() and console.is_interactive
