"""From the model's thread to the event loop, without drowning it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

LIMIT = 1000
"""Items under way; the thread waits past that."""
PORTION = 50
"""Items that the loop takes before it looks at its sockets and timers again."""


class Handoff(Generic[Item]):
    """Calls `take` on the event loop with what a thread puts in, in the same order."""

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[Item], None]) -> None:
        self._loop = loop
        self._take = take
        self._items: deque[Item] = deque()
        self._room = threading.Condition()
        self._awake = False
        self._closed = False

    def put(self, item: Item) -> None:
        """Hand over; waits while the loop is behind. For threads, not for the loop."""
        with self._room:
            while len(self._items) >= LIMIT and not self._closed:
                self._room.wait()
            if self._closed:
                return
            self._items.append(item)
            wake, self._awake = not self._awake, True
        if wake:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._some)

    def close(self) -> None:
        """Take no more, and let go of whoever waits in `put`."""
        with self._room:
            self._closed = True
            self._room.notify_all()

    def _some(self) -> None:
        try:
            for _ in range(PORTION):
                if not self._items:
                    return
                self._take(self._items.popleft())  # nobody else takes any out
        finally:
            with self._room:
                self._room.notify_all()
                self._awake = bool(self._items)
            if self._awake:
                self._loop.call_soon(self._some)
