"""The one thread that has to do with the model, from its loading to its last forward pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class ModelThread:
    """Runs what it is given, one after the other. A daemon thread: the process does not wait for it to end.

    OpenMP gives each thread that calls it a team of its own. A model that is loaded on one thread and runs on
    another one has two teams, more threads than cores: then libgomp lets none of them spin, and each of the
    many small operations of a model waits for threads to wake up, a fifth of the time on two cores.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="eva-model", daemon=True).start()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """What `work` returns, or raises, once its turn has come and it has ended."""
        future: Future[T] = Future()
        self._work.put((work, future))
        return future

    def end(self) -> None:
        """Let the thread end after what it was given."""
        self._work.put(None)

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            work, future = item
            if not future.set_running_or_notify_cancel():  # from here on nobody's cancelling takes it away
                continue
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
