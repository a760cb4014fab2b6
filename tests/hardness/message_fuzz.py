"""Structured messages from several clients at once, against the model of the protocol in `talker`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import messages
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from talker import Talker
from victim import Broken, Victim, suffering

CLIENTS = 3
CONVERSATIONS = 20
"""Between two looks at the victim."""
LENGTH = 60

WHO = st.integers(0, CLIENTS - 1)


class Conversation:
    """Clients, what they have said so far, and their replacement when one vanishes."""

    def __init__(self, victim: Victim) -> None:
        self._victim = victim
        self.record: list[tuple[int, list[str]]] = []
        self.failure: Exception | None = None
        self._talkers = [Talker(victim.connection) for _ in range(CLIENTS)]

    def say(self, who: int, *frames: bytes) -> str:
        self.record.append((who, [frame.hex() for frame in frames]))
        with self._noting():
            return self._talkers[who].say(*frames)

    def hear(self, who: int) -> None:
        with self._noting():
            while self._talkers[who].hear():
                pass

    def vanish(self, who: int) -> None:
        self.record.append((who, []))
        self._talkers[who].close()
        self._talkers[who] = Talker(self._victim.connection)

    def end(self) -> None:
        """All that is owed must come, and nothing else."""
        try:
            with self._noting():
                for talker in self._talkers:
                    talker.cancel_all()
                for talker in self._talkers:
                    talker.settle()
        finally:
            for talker in self._talkers:
                talker.close()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.failure = error
            raise


def fuzz_messages(
    number: int, count: int, folder: Path, *, progress: Callable[[int], None] = lambda done: None
) -> None:
    """At least `count` messages of seed `number`. Raises `Broken`; the conversation is then in `folder`."""
    said, place = 0, 0
    talks: list[Conversation] = []
    with suffering(folder / "victim.log") as victim:
        while said < count:
            try:
                _converse(victim, number + place, talks)
                victim.check()
                victim.check_descriptors()
                victim.check_memory()
            except Exception as error:
                # hypothesis says it again, and may not fail again: the first failure counts; without one,
                # what came to light after all of them may be any one's doing
                failed = next((n for n, talk in enumerate(talks) if talk.failure is not None), len(talks) - 1)
                talk = talks[failed]
                saved = folder / f"messages-{number + place}.json"
                saved.write_text(json.dumps([talk.record for talk in talks[: failed + 1]]))
                raise Broken(
                    f"{talk.failure or error}\nto see it again: make fuzz FUZZ='--replay {saved}'"
                ) from error
            said += sum(len(talk.record) for talk in talks)
            talks.clear()
            place += 1
            progress(min(said, count))
        victim.check_log()


def replay_messages(saved: Path, folder: Path) -> None:
    """Say again what was said. Raises `Broken`."""
    with suffering(folder / "victim.log") as victim:
        for record in json.loads(saved.read_text()):
            talk = Conversation(victim)
            for who, frames in record:
                if frames:
                    talk.say(who, *(bytes.fromhex(frame) for frame in frames))
                    talk.hear(who)
                else:
                    talk.vanish(who)
            talk.end()
        victim.check()


def _converse(victim: Victim, number: int, talks: list[Conversation]) -> None:
    """Conversations of hypothesis' choosing, each appended to `talks`."""

    class Machine(RuleBasedStateMachine):
        talk: Conversation

        @initialize()
        def begin(self) -> None:
            self.talk = Conversation(victim)
            talks.append(self.talk)

        @rule(who=WHO, frame=messages.valid())
        def say_something_valid(self, who: int, frame: bytes) -> None:
            assert self.talk.say(who, frame) in ("score", "cancel", "health")

        @rule(who=WHO, frame=messages.defective())
        def say_something_with_one_defect(self, who: int, frame: bytes) -> None:
            assert self.talk.say(who, frame) in ("bad_request", "unsupported_version", "too_large")

        @rule(who=WHO, frame=messages.hostile())
        def say_something_hostile(self, who: int, frame: bytes) -> None:
            self.talk.say(who, frame)

        @rule(who=WHO, frames=messages.STRAY_FRAMES)
        def say_it_in_several_frames(self, who: int, frames: tuple[bytes, ...]) -> None:
            self.talk.say(who, *(frames or (b"", b"")))

        @rule(who=WHO)
        def hear(self, who: int) -> None:
            self.talk.hear(who)

        @rule(who=WHO, really=st.sampled_from([False] * 9 + [True]))
        def vanish(self, who: int, really: bool) -> None:
            if really:
                self.talk.vanish(who)

        def teardown(self) -> None:
            if hasattr(self, "talk"):
                self.talk.end()

    chosen: Any = settings(
        max_examples=CONVERSATIONS,
        stateful_step_count=LENGTH,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a failure is kept whole: to make it smaller takes many hangs
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(seed(number)(Machine), settings=chosen)
