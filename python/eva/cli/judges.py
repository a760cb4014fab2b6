"""Who judges: the daemon, or a model in this process. Both give the same events and fail in the same way."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Protocol

from eva.cli.exits import ExitCode
from eva.step import Order, ProofStep, Scored, ScoreEvent

CHUNK_STEPS = 256
CHUNK_BYTES = 2 * 1024 * 1024
"""Bounds on what is judged at once, well under what one request may hold (docs/protocol.md)."""


Events = Generator[ScoreEvent, None, None]
"""Closing it ends the judging."""


class JudgingFailed(Exception):
    """No (more) events will come; the message is one line, `code` the exit code that it means."""

    def __init__(self, message: str, code: ExitCode, *, deadline: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.deadline = deadline


class Judge(Protocol):
    """Scores steps as a stream of events."""

    name: str
    """Name of the model."""

    def stream(self, steps: Sequence[ProofStep], *, critique: bool, order: Order, deadline: float) -> Events:
        """Judge `steps` within `deadline` seconds. Raises `JudgingFailed`."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""


class DaemonJudge:
    """The daemon of this user."""

    def __init__(self) -> None:
        """Connect, so that a daemon that is not there is noticed before any work. Raises `JudgingFailed`."""
        from eva.client import Client, DaemonError

        self._client = Client()
        try:
            self.name = self._client.health().model
        except DaemonError as error:
            self.close()
            raise JudgingFailed(str(error), ExitCode.DAEMON) from error

    def stream(self, steps: Sequence[ProofStep], *, critique: bool, order: Order, deadline: float) -> Events:
        from eva.client import DaemonError, DeadlinePassed, RequestFailed

        try:
            yield from self._client.stream(steps, critique=critique, order=order, deadline=deadline)
        except DeadlinePassed as error:
            raise deadline_passed(deadline) from error
        except RequestFailed as error:
            raise JudgingFailed(str(error), ExitCode.MODEL) from error
        except DaemonError as error:
            raise JudgingFailed(str(error), ExitCode.DAEMON) from error

    def close(self) -> None:
        self._client.close()


class LocalJudge:
    """A model loaded in this process."""

    def __init__(self, model: str) -> None:
        """Load `model` (an embedded model's name, a directory, a hub's name). Raises `JudgingFailed`."""
        from eva.model import LoadError, RewardModel

        try:
            self._model = RewardModel.from_pretrained(model)
        except LoadError as error:
            raise JudgingFailed(str(error), ExitCode.MODEL) from error
        self.name = self._model.name

    def stream(self, steps: Sequence[ProofStep], *, critique: bool, order: Order, deadline: float) -> Events:
        from eva.model import ModelError

        end = time.monotonic() + deadline
        late = False

        def cancelled(index: int) -> bool:
            nonlocal late
            late = late or time.monotonic() > end
            return late

        try:
            yield from self._model.stream(steps, critique=critique, order=order, cancelled=cancelled)
        except ModelError as error:
            raise JudgingFailed(str(error), ExitCode.MODEL) from error
        if late:
            raise deadline_passed(deadline)

    def close(self) -> None:
        """The model goes with the process."""


def deadline_passed(seconds: float) -> JudgingFailed:
    """The failure that a passed deadline is, with its remedy."""
    message = f"the deadline of {seconds:g} s passed; give more time with --deadline, or use --no-critique"
    return JudgingFailed(message, ExitCode.MODEL, deadline=True)


def in_chunks(
    judge: Judge, steps: Sequence[ProofStep], *, critique: bool, order: Order, deadline: float
) -> Events:
    """Judge any number of steps within `deadline` seconds in all. Raises `JudgingFailed`."""
    end = time.monotonic() + deadline
    start = 0
    for chunk in _chunks(steps):
        left = end - time.monotonic()
        if left <= 0:
            raise deadline_passed(deadline)
        try:
            with closing(judge.stream(chunk, critique=critique, order=order, deadline=left)) as events:
                for event in events:
                    yield _moved(event, start)
        except JudgingFailed as error:
            raise (deadline_passed(deadline) if error.deadline else error) from error
        start += len(chunk)


def _moved(event: ScoreEvent, by: int) -> ScoreEvent:
    if isinstance(event, Scored):
        return Scored(replace(event.score, index=event.score.index + by))
    return replace(event, index=event.index + by)


def _chunks(steps: Sequence[ProofStep]) -> Iterator[list[ProofStep]]:
    chunk: list[ProofStep] = []
    size = 0
    for step in steps:
        bytes_ = len(json.dumps(step.to_json()))
        if chunk and (len(chunk) == CHUNK_STEPS or size + bytes_ > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(step)
        size += bytes_
    if chunk:
        yield chunk
