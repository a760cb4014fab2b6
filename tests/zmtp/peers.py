"""The peers that the Lean client meets in `test_live.py`."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zmq
from zap import zap_handler

ANSWER = b"HTTP/1.1 400 Bad Request\r\n\r\n"


@contextmanager
def echo_router(*, plain: bool) -> Iterator[int]:
    """A libzmq ROUTER that sends every message back; gives its port.

    It sends heartbeats, and drops a peer that leaves them without an answer for a second.
    """
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    router: Any = context.socket(zmq.ROUTER)
    router.linger = 0
    router.heartbeat_ivl, router.heartbeat_timeout, router.heartbeat_ttl = 200, 1000, 60_000
    if plain:
        router.plain_server, router.zap_domain = True, b"tests"
    port = router.bind_to_random_port("tcp://127.0.0.1")
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            if router.poll(20):
                router.send_multipart(router.recv_multipart())
        router.close()

    thread = threading.Thread(target=run)
    with zap_handler(context):
        thread.start()
        try:
            yield port
        finally:
            stop.set()
            thread.join()
    context.term()


@contextmanager
def web_server() -> Iterator[int]:
    """Something else that listens: it answers every connection with an HTTP error; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            with peer:
                peer.sendall(ANSWER)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
