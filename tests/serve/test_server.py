"""The server on a real socket: what it refuses, what it ends, and whom it never waits for."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dealer import Dealer, dealing
from scripted import PATIENCE_S, ScriptedJudge, Served, serving, step

from eva import protocol
from eva.client import Client, RequestFailed
from eva.link import Link, LinkLost
from eva.serve import post
from eva.serve.config import ServeConfig
from eva.serve.log import JsonLines

SECRET = "proof_text_that_no_log_may_show"


def test_a_request_is_answered_whole(dealer: Dealer) -> None:
    dealer.score(tactics=("a", "bb"), critique=True)
    heard = dealer.hear_until("done", "error")
    assert {event["id"] for event in heard} == {"r1"}
    assert [event["index"] for event in heard if event["type"] == "score"] == [0, 1]
    assert heard[-1]["steps"] == 2
    assert heard[-1]["model"] == "scripted"
    assert dealer.is_quiet()


@pytest.mark.parametrize(
    ("frames", "word"),
    [
        ([b""], "JSON"),
        ([b"", b'{"eva":1,"type":"health","id":"h1"}'], "one frame"),
        ([b'{"eva":1,"type":"health","id":"h1"}', b""], "one frame"),
        ([b"x"] * 50, "one frame"),
        ([b"\xff\xfe"], "UTF-8"),
        ([b"[" * 1_000_000], "deeper"),
        ([b'{"eva":1,"type":"health"}'], "'id'"),
    ],
    ids=["empty", "delimiter", "two frames", "fifty frames", "not UTF-8", "deep", "no id"],
)
def test_malformed_messages_are_answered_and_survived(dealer: Dealer, frames: list[bytes], word: str) -> None:
    dealer.send(*frames)
    event = dealer.hear()
    assert (event["type"], event["code"], event["id"]) == ("error", "bad_request", "")
    assert word in event["message"]
    dealer.ask("health", "h2")
    assert dealer.hear()["id"] == "h2"


def test_a_version_of_the_future_hears_which_are_spoken(dealer: Dealer) -> None:
    dealer.ask("score", "r9", eva=7)
    event = dealer.hear()
    assert (event["code"], event["versions"], event["id"]) == ("unsupported_version", [1], "r9")


def test_ten_megabytes_are_refused_in_words(dealer: Dealer) -> None:
    dealer.send(b"x" * 10_000_000)
    event = dealer.hear()
    assert event["code"] == "too_large"
    assert "10000000" in event["message"]
    assert str(protocol.MAX_BYTES) in event["message"]


def test_a_frame_beyond_all_bounds_ends_that_connection_only(served: Served, dealer: Dealer) -> None:
    flooder = Link(served.connection, PATIENCE_S)
    flooder.send(b"x" * (protocol.MAX_FRAME + 1))
    with pytest.raises(LinkLost):
        flooder.receive(time.monotonic() + PATIENCE_S)
    flooder.close()
    dealer.ask("health", "h3")
    assert dealer.hear()["id"] == "h3"


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        bytes(range(256)) * 40,
        b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"PLAIN".ljust(20, b"\0") + bytes(32) + b"\x04\xff" * 99,
    ],
    ids=["a browser", "noise", "a broken handshake"],
)
def test_strangers_on_the_port_are_survived(served: Served, dealer: Dealer, words: bytes) -> None:
    host, _, port = served.connection.endpoint.removeprefix("tcp://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as stranger:
        heard = b""
        with suppress(OSError):  # it may have hung up in the middle of our words
            stranger.sendall(words)
            stranger.shutdown(socket.SHUT_WR)
            while more := stranger.recv(4096):
                heard += more
    assert b'"eva"' not in heard
    dealer.ask("health", "h1")
    assert dealer.hear()["id"] == "h1"


def test_an_id_in_use_is_refused_and_its_request_lives(dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.read.clear()
    dealer.score("r1")
    dealer.score("r1")
    event = dealer.hear()
    assert (event["code"], event["id"]) == ("bad_request", "")
    assert "r1" in event["message"]
    judge.read.set()
    assert [event["type"] for event in dealer.hear_until("done", "error")] == ["score", "done"]
    dealer.score("r1")  # free again
    assert dealer.hear_until("done", "error")[-1]["type"] == "done"


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"steps": 7}, "bad_request"), ({"eva": 7}, "unsupported_version")],
    ids=["field", "version"],
)
def test_a_bad_message_does_not_read_as_the_end_of_the_request_under_its_id(
    dealer: Dealer, judge: ScriptedJudge, fields: dict[str, Any], code: str
) -> None:
    judge.read.clear()
    dealer.score("r1")
    dealer.score("r1", **fields)
    event = dealer.hear()
    assert (event["code"], event["id"]) == (code, "")
    judge.read.set()
    assert [event["type"] for event in dealer.hear_until("done", "error")] == ["score", "done"]


def test_the_same_id_of_two_clients_are_two_requests(
    served: Served, dealer: Dealer, judge: ScriptedJudge
) -> None:
    judge.read.clear()
    with dealing(served.connection) as other:
        dealer.score("r1", ("a",))
        other.score("r1", ("bbb",))
        other.ask("health", "h")
        other.hear()  # both have arrived, or this one has
        judge.read.set()
        mine, theirs = dealer.hear_until("done"), other.hear_until("done")
    assert mine[0]["value"] == 0.1
    assert theirs[0]["value"] == 0.3


def test_health_is_answered_while_the_model_hangs(dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.read.clear()
    dealer.score("r1", ("a",) * 7)
    assert judge.started.wait(PATIENCE_S)
    dealer.ask("health", "h1")
    health = dealer.hear()
    assert (health["queued_steps"], health["running_steps"], health["queue_limit"]) == (3, 4, 100)
    assert health["state"] == "ready"
    assert health["pid"] == os.getpid()


def test_a_model_that_babbles_drowns_nobody(served: Served, judge: ScriptedJudge, dealer: Dealer) -> None:
    judge.words = 10**9
    dealer.score("r1", critique=True)
    dealer.hear_until("critique")
    with dealing(served.connection) as other:
        for _ in range(20):
            other.ask("health", "h1")
            assert other.hear()["running_steps"] == 1
    dealer.ask("cancel", "r1")
    assert dealer.hear_until("done", "error")[-1]["code"] == "cancelled"


def test_a_deadline_passes_though_the_model_hangs(dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.read.clear()
    dealer.score("r1", deadline_ms=50)
    event = dealer.hear()
    assert (event["type"], event["code"]) == ("error", "deadline")
    judge.read.set()
    dealer.score("r2")
    assert {event["id"] for event in dealer.hear_until("done", "error")} == {"r2"}


def test_a_deadline_passes_while_words_are_written(dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    dealer.score("r1", critique=True, deadline_ms=200)
    heard = dealer.hear_until("done", "error")
    assert heard[0]["type"] == "score"
    assert heard[-1]["code"] == "deadline"
    dealer.score("r2")  # the model has left the first one
    assert dealer.hear_until("done", "error")[-1]["type"] == "done"


def test_cancel_while_words_are_written(dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    dealer.score("r1", critique=True)
    dealer.hear_until("critique")
    dealer.ask("cancel", "r1")
    assert dealer.hear_until("done", "error")[-1]["code"] == "cancelled"
    dealer.score("r2")
    assert {event["id"] for event in dealer.hear_until("done", "error")} == {"r2"}


def test_cancel_of_nothing_is_left_in_peace(dealer: Dealer) -> None:
    dealer.ask("cancel", "nobody")
    dealer.ask("health", "h1")
    assert dealer.hear()["id"] == "h1"


def test_nobody_cancels_anothers_request(served: Served, dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.read.clear()
    dealer.score("r1")
    assert judge.started.wait(PATIENCE_S)
    with dealing(served.connection) as other:
        other.ask("cancel", "r1")
        other.ask("health", "h1")
        other.hear()
    judge.read.set()
    assert dealer.hear_until("done", "error")[-1]["type"] == "done"


def test_a_full_queue_is_busy_and_says_so_with_numbers(dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.read.clear()
    dealer.score("r1", ("a",) * 90)
    dealer.score("r2", ("a",) * 11)
    event = dealer.hear()
    assert (event["id"], event["code"]) == ("r2", "busy")
    assert "90 of at most 100" in event["message"]
    judge.read.set()
    assert dealer.hear_until("done", "error")[-1]["type"] == "done"
    dealer.score("r3", ("a",) * 100)
    assert dealer.hear_until("done", "error")[-1]["type"] == "done"


@pytest.mark.parametrize(
    ("tactic", "word"),
    [("raise", "could not read"), ("panic", "Panic: index"), ("nan", "NaN"), ("skip", "without")],
)
def test_a_failing_model_is_an_error_of_that_request(dealer: Dealer, tactic: str, word: str) -> None:
    dealer.score("r1", (tactic,))
    event = dealer.hear()
    assert (event["type"], event["code"], event["id"]) == ("error", "model_error", "r1")
    assert word in event["message"]
    dealer.score("r2")
    assert dealer.hear_until("done", "error")[-1]["type"] == "done"


def test_a_client_that_vanishes_is_forgotten(served: Served, dealer: Dealer, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    with dealing(served.connection) as gone:
        gone.score("r1", ("a",) * 8, critique=True)
        gone.hear_until("critique")
    end = time.monotonic() + PATIENCE_S
    while True:
        dealer.ask("health", "h1")
        health = dealer.hear()
        if health["queued_steps"] + health["running_steps"] == 0:
            break
        assert time.monotonic() < end, "the model still works for a client that is gone"
    dealer.score("r2")
    assert dealer.hear_until("done", "error")[-1]["type"] == "done"


def test_a_client_that_does_not_read_holds_up_nobody(
    served: Served, dealer: Dealer, judge: ScriptedJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "UNREAD_LIMIT", 40)
    judge.words, judge.piece = 10**9, "word " * 20_000
    with dealing(served.connection, rcvhwm=1) as sleeper:
        sleeper.score("r1", critique=True)
        end = time.monotonic() + PATIENCE_S
        while True:  # until the daemon gives up on the sleeper; meanwhile it answers others
            dealer.ask("health", "h")
            health = dealer.hear()
            if health["scored_steps"] and health["queued_steps"] + health["running_steps"] == 0:
                break
            assert time.monotonic() < end, "the sleeper's request is never ended"
        judge.words = 1
        dealer.score("r2", critique=True)
        assert dealer.hear_until("done", "error")[-1]["type"] == "done"
        heard = sleeper.hear_until("done", "error")  # it wakes up, and learns what became of its request
        assert heard[-1]["code"] == "busy"
        assert "unread" in heard[-1]["message"]
        sleeper.score("r3")
        assert sleeper.hear_until("done", "error")[-1]["type"] == "done"


def test_a_client_that_does_not_read_is_refused_and_then_not_answered(
    served: Served, judge: ScriptedJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it learns what became of all that it asked, and fills no memory with that."""
    monkeypatch.setattr(post, "UNREAD_LIMIT", 40)
    judge.words, judge.piece = 10**9, "word " * 20_000
    server = served.server
    with dealing(served.connection, rcvhwm=1) as sleeper:
        sleeper.score("r1", critique=True)
        until(lambda: any(server._post.is_deaf(client) for client in server._post._unread))
        sleeper.score("r2")
        sleeper.ask("cancel", "r1")  # it has ended: no answer
        sleeper.ask("health", "h1")
        until(lambda: server._refused == 2)
        [client] = server._post._unread
        health = b'{"eva":1,"type":"health","id":"h2"}'
        for _ in range(100):
            served.loop.call_soon_threadsafe(server._receive, [client, health])
        done = threading.Event()
        served.loop.call_soon_threadsafe(done.set)
        assert done.wait(PATIENCE_S)
        assert len(server._post._unread[client]) <= 80
        for id in ("r1", "r2", "h1", "h2"):
            event = sleeper.hear_until("done", "error")[-1]
            assert (event["id"], event["code"]) == (id, "busy")
            assert "unread" in event["message"]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_draining_answers_what_was_accepted_and_takes_no_more(served: Served, judge: ScriptedJudge) -> None:
    with dealing(served.connection) as dealer:
        judge.read.clear()
        dealer.score("r1", ("a",) * 9)
        assert judge.started.wait(PATIENCE_S)
        served.stop()
        health = {"state": "ready"}
        while health["state"] == "ready":
            dealer.ask("health", "h1")
            health = dealer.hear()
        dealer.score("r2")
        event = dealer.hear()
        assert (event["id"], event["code"]) == ("r2", "busy")
        for _ in range(20):  # it goes on like this for as long as r1 takes
            dealer.ask("health", "h1")
            assert dealer.hear()["state"] == "draining"
        judge.read.set()
        heard = dealer.hear_until("done", "error")
        assert [event["type"] for event in heard] == ["score"] * 9 + ["done"]
        assert served.join() is True


def test_what_was_accepted_has_its_own_deadline_to_be_answered() -> None:
    assert ServeConfig(Path("unused")).drain_s * 1000 >= protocol.MAX_DEADLINE_MS


@pytest.mark.parametrize("twice", [False, True], ids=["out of time", "told twice"])
def test_draining_is_bounded_and_tells_who_is_left(judge: ScriptedJudge, twice: bool) -> None:
    with serving(judge, drain_s=60.0 if twice else 0.1) as served, dealing(served.connection) as dealer:
        judge.read.clear()
        dealer.score("r1")
        assert judge.started.wait(PATIENCE_S)
        served.stop()
        if twice:
            served.stop()
        event = dealer.hear()
        assert (event["id"], event["code"]) == ("r1", "busy")
        assert "stopped" in event["message"]
        served.join()


def test_no_log_line_holds_proof_text(judge: ScriptedJudge) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("eva")
    old = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        with (
            serving(judge) as served,
            Client(served.connection) as client,
            dealing(served.connection) as dealer,
        ):
            client.score([step(SECRET, SECRET)])
            for tactic in ("raise", "raise late"):
                with pytest.raises(RequestFailed, match=SECRET):  # who asked may read it
                    client.score([step(tactic, SECRET)])
            dealer.ask("score", "r1", steps=[{"goals": SECRET, "tactic": SECRET}])
            dealer.hear()
            dealer.send(SECRET.encode())
            dealer.hear()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(old)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    events = [line["event"] for line in lines]
    assert events.count("model failed") == 2
    assert events.count("refused") == 2
    assert "answered" in events
    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    assert SECRET not in out.getvalue()
