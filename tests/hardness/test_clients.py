"""Clients that behave badly, and crowds of clients: the others are served, and memory stays bounded."""

from __future__ import annotations

import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from dealer import dealing
from scripted import PATIENCE_S, ScriptedJudge, serving
from streams import GREETING, HEALTH, INITIATE, frame, hello
from victim import Victim, suffering

from eva.client import Client
from eva.runtime import Connection, write_connection
from eva.serve import server
from eva.step import ProofStep

ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="the memory of another process is read from /proc"
)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    with suffering(tmp_path / "victim.log") as victim:
        yield victim


@contextmanager
def a_stranger(connection: Connection) -> Iterator[socket.socket]:
    host, _, port = connection.endpoint.removeprefix("tcp://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as stranger:
        stranger.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield stranger


def hear(stranger: socket.socket, sign: bytes) -> None:
    heard = b""
    while sign not in heard:
        more = stranger.recv(4096)
        assert more, f"hung up on after {heard!r}"
        heard += more


def test_one_that_sends_byte_by_byte_is_served_and_holds_up_nobody(victim: Victim) -> None:
    """A second between two bytes would change nothing: the daemon waits for none of them."""
    with a_stranger(victim.connection) as slow:
        for part, answer in (
            (GREETING, b"PLAIN"),
            (hello(victim.connection.token.encode()), b"WELCOME"),
            (INITIATE, b"READY"),
            (frame(HEALTH), b'"type":"health"'),
        ):
            for place in range(len(part)):
                slow.sendall(part[place : place + 1])
                time.sleep(0.002)
                if place % 20 == 0:
                    victim.check()
            hear(slow, answer)


@pytest.mark.parametrize("begin", [b"", GREETING[:10], GREETING, GREETING + hello(b"0" * 64)[:20]], ids=len)
def test_who_does_not_finish_the_handshake_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    monkeypatch.setattr(server, "HANDSHAKE_S", 0.2)
    with serving(ScriptedJudge()) as served, a_stranger(served.connection) as silent:
        silent.sendall(begin)
        while silent.recv(4096):  # its deadline is that of the socket
            pass


@ON_LINUX
def test_a_flood_of_big_messages_takes_bounded_memory(victim: Victim) -> None:
    """They come faster than they can be read: the sender stalls instead of filling the daemon."""
    big = frame(b'{"eva":1,"type":"health","id":"h","x":[' + b"1," * 1_900_000 + b"1]}")
    before = victim.measure().bytes
    with a_stranger(victim.connection) as flooder:
        flooder.sendall(GREETING + hello(victim.connection.token.encode()))
        hear(flooder, b"WELCOME")
        flooder.sendall(INITIATE)
        flooder.settimeout(0.3)
        with pytest.raises(TimeoutError):
            for _ in range(200):
                flooder.sendall(big)
    assert (
        victim.measure().bytes < before + 300 * 2**20
    )  # 16 of them, one that is read, what the kernel holds
    victim.check()


@ON_LINUX
def test_without_descriptors_those_who_are_connected_are_served_on(victim: Victim) -> None:
    resource.prlimit(victim.process.pid, resource.RLIMIT_NOFILE, (64, 64))
    with ExitStack() as crowd:
        for _ in range(100):  # more than it can accept; the rest waits
            crowd.enter_context(a_stranger(victim.connection))
        victim.check()
    victim.check_descriptors()
    with Client(victim.connection, timeout=PATIENCE_S) as new:
        assert new.health().state == "ready"


def test_clients_that_come_and_go_leave_no_descriptor(victim: Victim) -> None:
    for number in range(150):
        with dealing(victim.connection) as client:
            client.score("r1", ("simp",) * 8, critique=True)
            if number % 3:
                client.hear()
    victim.check()
    victim.check_descriptors()


def test_an_idle_client_whose_daemon_was_replaced_finds_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    steps = [ProofStep(("⊢ p",), "simp")]
    with Client(path) as client:
        for name in ("first", "second", "third"):
            with serving(ScriptedJudge(name=name)) as served:
                write_connection(path, served.connection)
                end = time.monotonic() + PATIENCE_S
                while client._link is not None and not client._link.is_lost():  # the end of the one before
                    assert time.monotonic() < end
                    time.sleep(0.005)
                assert client.health().model == name
                assert [score.value for score in client.score(steps)] == [0.4]
                served.stop()
                served.join()
