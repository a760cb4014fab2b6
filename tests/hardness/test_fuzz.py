"""Fuzzing at the size of a test suite, with the same cases each time; `make fuzz` is the full size."""

from __future__ import annotations

from pathlib import Path

import pytest
import streams
from message_fuzz import fuzz_messages
from stream_fuzz import fuzz_streams
from talker import Talker
from victim import PATIENCE_S, Broken, suffering

from eva import protocol
from eva.protocol import HealthRequest


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


def test_an_answer_that_is_wrong_is_seen(tmp_path: Path) -> None:
    """The model of the protocol itself: it must not take everything."""
    with suffering(tmp_path / "victim.log") as victim:
        talker = Talker(victim.connection)
        try:
            talker.say(protocol.encode_request(HealthRequest("a")))
            talker._direct.clear()  # as if it had not asked
            with pytest.raises(Broken, match="an answer to nothing"):
                talker.hear(PATIENCE_S)
        finally:
            talker.close()
