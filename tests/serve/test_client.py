"""The client: who may connect, what it is told, and how it fails."""

from __future__ import annotations

import dataclasses
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import zmq
from dealer import dealing
from scripted import PATIENCE_S, ScriptedJudge, Served, serving, step

from eva import protocol
from eva.client import Client, DaemonGone, DeadlinePassed, RequestFailed, StaleDaemon, WrongToken
from eva.link import Link, LinkLost
from eva.runtime import BadConnectionFile, Connection, CurveKeys
from eva.serve.config import ConfigError
from eva.step import CritiquePiece, Scored


def a_client_of(connection: Connection, timeout: float = PATIENCE_S, **changed: Any) -> Client:
    """A client with another idea of the connection."""
    return Client(dataclasses.replace(connection, **changed), timeout=timeout)


def test_a_wrong_token_is_a_clear_error_at_once(served: Served) -> None:
    with pytest.raises(WrongToken, match=r"refused the token.*restart") as refused:
        a_client_of(served.connection, token="0" * 64).health()
    assert "0" * 64 not in str(refused.value)
    assert Client(served.connection).health().state == "ready"


@pytest.mark.parametrize(
    "options",
    [
        {"plain_username": b"admin"},
        {"plain_password": b"0"},
        {"plain_server": True},
    ],
    ids=["user", "password", "role"],
)
def test_who_does_not_say_it_right_stays_outside(served: Served, options: dict[str, Any]) -> None:
    with dealing(served.connection, **options) as stranger:
        with suppress(zmq.Again):  # refused already
            stranger.ask("health", "h1")
        assert stranger.is_quiet(300)


def test_who_says_nothing_stays_outside(served: Served) -> None:
    context = zmq.Context()
    with context, context.socket(zmq.DEALER) as stranger:
        stranger.linger = 0
        stranger.connect(served.connection.endpoint)
        with suppress(zmq.Again):  # refused already
            stranger.send(protocol.encode_request(protocol.HealthRequest("h1")), zmq.DONTWAIT)
        assert not stranger.poll(300)


def test_curve(judge: ScriptedJudge) -> None:
    with serving(judge, curve=True) as served:
        there, keys = served.connection, served.connection.curve
        assert keys is not None
        with Client(there) as client:
            assert [score.value for score in client.score([step("abc")])] == [0.3]
        public, secret = (key.decode() for key in zmq.curve_keypair())
        with pytest.raises(WrongToken):  # somebody else's keys
            a_client_of(there, curve=CurveKeys(keys.server_public, public, secret)).health()
        for curve in (None, CurveKeys(public, keys.client_public, keys.client_secret)):
            with pytest.raises((WrongToken, DaemonGone)):  # the token alone; another server's key
                a_client_of(there, timeout=1.0, curve=curve).health()


@pytest.mark.parametrize(
    "address", ["tcp://0.0.0.0:*", "tcp://192.168.1.5:5570", "tcp://[::]:*", "tcp://*:5570"]
)
def test_other_machines_need_curve(address: str) -> None:
    with pytest.raises(ConfigError, match="--curve"), serving(ScriptedJudge(), bind=address):
        pass


@pytest.mark.parametrize(
    "address", ["tcp://eva.example:1", "ipc:///tmp/x", "tcp://127.0.0.1", "tcp://127.0.0.1:70000"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="bind must"), serving(ScriptedJudge(), bind=address, curve=True):
        pass


def test_all_addresses_are_reached_from_here(judge: ScriptedJudge) -> None:
    with serving(judge, bind="tcp://0.0.0.0:*", curve=True) as served:
        assert served.connection.endpoint.startswith("tcp://127.0.0.1:")
        with Client(served.connection) as client:
            assert client.health().model == "scripted"


def test_nothing_listens(served: Served) -> None:
    served.stop()
    served.join()
    with pytest.raises(StaleDaemon, match="eva serve"):
        a_client_of(served.connection).health()


def test_someone_else_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        connection = Connection(f"tcp://127.0.0.1:{stranger.getsockname()[1]}", "t", 1, "m")
        with pytest.raises(DaemonGone, match=r"did not answer the handshake within 0\.2 s"):
            Client(connection, timeout=0.2).health()


def test_a_client_streams_scores_and_words(served: Served) -> None:
    with Client(served.connection) as client:
        events = list(client.stream([step("a"), step("bb")]))
        assert [event.score.index for event in events if isinstance(event, Scored)] == [0, 1]
        assert sum(isinstance(event, CritiquePiece) and event.final for event in events) == 2
        scores = client.score([step("a"), step("too long"), step("bb")])
        assert [score.status for score in scores] == ["scored", "too_long", "scored"]
        assert [score.critique for score in scores] == ["word word word", None, "word word word"]
        assert [score.critique for score in client.score([step("a")], critique=False)] == [None]
        assert client.score([]) == []


def test_streams_of_one_client_take_turns(served: Served, judge: ScriptedJudge) -> None:
    judge.words = 5
    with Client(served.connection) as client:
        one, two = client.stream([step("a")]), client.stream([step("bbb")])
        first = [next(one), next(two), next(one), next(two)]
        assert isinstance(first[1], Scored)
        assert first[1].score.value == 0.3
        assert client.health().state == "ready"
        assert [len(list(one)), len(list(two))] == [4, 4]


def test_closing_a_stream_cancels_it(served: Served, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    with Client(served.connection) as client:
        for event in client.stream([step("a")]):
            if isinstance(event, CritiquePiece):
                break
        end = time.monotonic() + PATIENCE_S
        while client.health().running_steps:
            assert time.monotonic() < end, "the model still writes"
        assert client.score([step("bb")], critique=False)[0].value == 0.2


def test_cancel_by_id(served: Served, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    with Client(served.connection) as client:
        events = client.stream([step("a")], id="mine")
        next(events)
        client.cancel("mine")
        with pytest.raises(RequestFailed) as ended:
            list(events)
        assert ended.value.code == "cancelled"


def test_a_deadline_keeps_what_was_scored(served: Served, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    with Client(served.connection) as client:
        with pytest.raises(DeadlinePassed, match=r"0\.3 s.*more time") as passed:
            client.score([step("a")] * 8 + [step("bb")] * 8, deadline=0.3)
        assert [score.status for score in passed.value.scores] == ["scored"] * 16
        with pytest.raises(DeadlinePassed) as passed:
            client.score([step("a")] * 2, deadline=0.2, order="critique_first")
        assert [(score.status, score.value) for score in passed.value.scores] == [("deadline", None)] * 2


def test_errors_keep_their_code_and_give_a_remedy(served: Served) -> None:
    with Client(served.connection) as client:
        for steps, code in (
            ([step("raise")], "model_error"),
            ([step("a")] * 101, "busy"),
            ([step("a")] * 1001, "too_large"),
            ([step("a", "x" * protocol.MAX_BYTES)], "too_large"),
            ([step(" ")], "bad_request"),
        ):
            with pytest.raises(RequestFailed) as failed:
                client.score(steps)
            assert failed.value.code == code
            assert failed.value.remedy
            assert [score.status for score in failed.value.scores] == ["error"] * len(steps)
        assert client.health().state == "ready"


def test_a_client_outlives_its_daemon(judge: ScriptedJudge) -> None:
    with serving(judge) as served:
        client = Client(served.connection)
        assert client.health().state == "ready"
        served.stop()
        served.join()
    with pytest.raises((DaemonGone, StaleDaemon)):
        client.health()
    port = served.connection.endpoint.rpartition(":")[2]
    with serving(judge, bind=f"tcp://127.0.0.1:{port}") as served:
        client._given = served.connection
        assert client.health().state == "ready"
        client.close()


def test_what_has_come_is_read_after_the_daemons_end(served: Served) -> None:
    with Client(served.connection) as client:
        mine, other = (client.stream([step("a")] * 20, critique=False) for _ in range(2))
        assert isinstance(next(mine), Scored)
        assert isinstance(next(other), Scored)
        served.stop()
        served.join()
        end = time.monotonic() + PATIENCE_S
        assert client._link is not None
        while not client._link.is_lost():
            assert time.monotonic() < end
            time.sleep(0.005)
        assert [len(list(mine)), len(list(other))] == [19, 19]
        late = client.stream([step("a")])
        with pytest.raises(StaleDaemon):
            next(late)


def test_who_waits_for_a_lost_connection_hears_so_at_once(served: Served) -> None:
    """Also again, after what had come before was read."""
    link = Link(served.connection, PATIENCE_S)
    link.send(protocol.encode_request(protocol.HealthRequest("h1")))
    assert link._socket.poll(PATIENCE_S * 1000)
    served.stop()
    served.join()
    assert link._monitor.poll(PATIENCE_S * 1000)
    far = time.monotonic() + 10 * PATIENCE_S
    assert link.receive(far) is not None
    for _ in range(2):
        link.send(b"{}")
        with pytest.raises(LinkLost, match="closed the connection"):
            link.receive(far)
    assert time.monotonic() < far - PATIENCE_S
    link.close()


def test_an_id_in_use_is_refused_and_its_stream_goes_on(served: Served) -> None:
    with Client(served.connection) as client:
        mine = client.stream([step("a")], id="r2")
        assert isinstance(next(mine), Scored)
        with pytest.raises(RequestFailed, match="'r2' is in use") as refused:
            next(client.stream([step("bbb")], id="r2"))
        assert refused.value.code == "bad_request"
        taken = client.stream([step("a")], id="h3", critique=False)
        assert isinstance(next(taken), Scored)
        assert [score.value for _ in range(3) for score in client.score([step("bbb")])] == [0.3] * 3
        assert client.health().state == "ready"
        assert len(list(mine)) == 3
        assert list(taken) == []


@pytest.mark.parametrize("read", [False, True], ids=["unread", "read for another stream"])
def test_an_id_that_is_free_again_hears_nothing_of_its_first_request(served: Served, read: bool) -> None:
    with Client(served.connection) as client:
        for _ in range(3):
            first = client.stream([step("aaa")] * 20, critique=False, id="mine")
            assert isinstance(next(first), Scored)
            if read:
                client.health()
            first.close()
            scores = [event.score for event in client.stream([step("b")], critique=False, id="mine")]
            assert [(score.index, score.value) for score in scores] == [(0, 0.1)]


def test_a_deadline_without_end_is_an_hour(served: Served) -> None:
    with Client(served.connection) as client:
        assert [score.value for score in client.score([step("bb")], deadline=float("inf"))] == [0.2]


def test_a_short_deadline_holds_for_the_handshake_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stopped:
        connection = Connection(f"tcp://127.0.0.1:{stopped.getsockname()[1]}", "t", 1, "m")
        end = time.monotonic() + PATIENCE_S
        with pytest.raises(DeadlinePassed, match=r"0\.2 s") as passed:
            Client(connection, timeout=10 * PATIENCE_S).score([step()], deadline=0.2)
        assert time.monotonic() < end
        assert [score.status for score in passed.value.scores] == ["deadline"]
        with pytest.raises(DaemonGone, match=r"within 0\.2 s"):
            Client(connection, timeout=0.2).score([step()])


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "tcp://no!host:1"},
        {"token": "t" * 300},
        {"curve": CurveKeys("~" * 40, "~" * 40, "~" * 40)},
        {"curve": CurveKeys("é" * 40, "é" * 40, "é" * 40)},
    ],
    ids=["host", "token", "no Z85", "no ASCII"],
)
def test_what_zeromq_does_not_take_is_one_clear_line(changed: dict[str, Any]) -> None:
    connection = Connection("tcp://127.0.0.1:1", "t", 1, "m", path=Path("/run/daemon.json"))
    with pytest.raises(BadConnectionFile, match=r"^/run/daemon\.json has .*: stop the daemon") as refused:
        a_client_of(connection, **changed).health()
    assert "t" * 300 not in str(refused.value)
