"""Ctrl-C that cannot get lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Interruptible:
    """A context manager under which Ctrl-C is remembered.

    Python raises `KeyboardInterrupt` wherever it happens to be, and drops it where that is a destructor or a
    callback out of C. `watch` raises it again at the next turn of a loop.
    """

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> Interruptible:
        # only the main thread may set handlers, and only it gets the interrupt
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def watch(self, items: Iterable[T]) -> Iterator[T]:
        """The items; raises `KeyboardInterrupt` after one during which Ctrl-C was pressed."""
        for item in items:
            yield item
            if self.pressed:
                raise KeyboardInterrupt

    def _press(self, number: int, frame: FrameType | None) -> None:
        self.pressed = True
        raise KeyboardInterrupt
