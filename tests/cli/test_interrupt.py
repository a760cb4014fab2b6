"""Ctrl-C at a bad moment."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from eva.cli.interrupt import Interruptible


class Dropped:
    """Python drops what is raised in a destructor."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def items() -> Iterator[int]:
    for number in range(4):
        if number == 2:
            Dropped()
        yield number


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_is_raised_again() -> None:
    seen = []
    with pytest.raises(KeyboardInterrupt), Interruptible() as interruptible:
        for number in interruptible.watch(items()):
            seen.append(number)
    assert seen == [0, 1, 2]


def test_the_handler_of_before_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interruptible() as interruptible:
        assert list(interruptible.watch([1, 2])) == [1, 2]
    assert signal.getsignal(signal.SIGINT) is before
