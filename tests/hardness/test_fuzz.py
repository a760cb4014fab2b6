"""Fuzzing at the size of a test suite, with the same cases each time; `make fuzz` is the full size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import streams
from message_fuzz import fuzz_messages
from scripted import ScriptedJudge, serving
from stream_fuzz import fuzz_streams
from talker import Talker
from victim import PATIENCE_S, Broken, suffering

from eva import protocol
from eva.protocol import HealthRequest, ScoreRequest
from eva.step import ProofStep


def test_byte_streams(tmp_path: Path) -> None:
    fuzz_streams(1, range(6000), tmp_path)


def test_structured_messages(tmp_path: Path) -> None:
    fuzz_messages(1, 800, tmp_path)


def test_a_seed_gives_the_same_cases_and_another_one_others() -> None:
    def data(seed: int) -> list[bytes]:
        return [streams.make_case(seed, number, "t" * 64).data for number in range(200)]

    assert data(1) == data(1)
    assert data(1) != data(2)


def test_the_streams_begin_as_recorded_ones_do() -> None:
    recorded = streams.TRANSCRIPTS[0]
    token = recorded["password"].encode()
    assert streams.hello(token) + streams.INITIATE == bytes.fromhex(recorded["handshake"])


def test_a_crash_is_seen(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="ended with code -9"), suffering(tmp_path / "victim.log") as victim:
        victim.process.kill()
        victim.check()


def test_an_answer_that_is_wrong_is_seen() -> None:
    """The model of the protocol itself: it must not take everything."""
    steps = (ProofStep(("⊢ p",), "simp"),)
    said = {
        "an answer to nothing": HealthRequest("a"),
        "no request in flight": ScoreRequest("a", steps),
        "cannot end with 'model_error'": ScoreRequest("a", (replace(steps[0], tactic="raise"),)),
        "done, with scores of": ScoreRequest("a", steps),
    }
    with serving(ScriptedJudge()) as served:
        for number, (complaint, request) in enumerate(said.items()):
            talker = Talker(served.connection)
            talker.say(protocol.encode_request(request))
            if number < 2:  # as if it had asked nothing
                talker._direct.clear()
                talker._flights.clear()
            elif number == 2:  # or something that cannot fail
                talker._flights["a"][0].request = ScoreRequest("a", steps)
            else:  # or for more
                talker._flights["a"][0].request = ScoreRequest("a", steps * 2)
            with pytest.raises(Broken, match=complaint):
                talker.settle()
                talker.hear(PATIENCE_S)
            talker.close()
