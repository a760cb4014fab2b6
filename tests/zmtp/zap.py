"""What stands beside a ROUTER in these tests: a ZAP handler that knows one password."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import zmq

USERNAME, PASSWORD = "eva", "secret"


@contextmanager
def zap_handler(context: zmq.Context[zmq.Socket[bytes]]) -> Iterator[None]:
    """Answers libzmq's questions about PLAIN (ZeroMQ RFC 27) for every socket of `context`."""
    asked = context.socket(zmq.REP)
    asked.bind("inproc://zeromq.zap.01")
    stop = context.socket(zmq.PAIR)
    stop.bind("inproc://zap-stop")
    stopper = context.socket(zmq.PAIR)
    stopper.connect("inproc://zap-stop")

    def run() -> None:
        poller = zmq.Poller()
        poller.register(asked, zmq.POLLIN)
        poller.register(stop, zmq.POLLIN)
        while stop not in dict(poller.poll()):
            version, request, _, _, _, _, *credentials = asked.recv_multipart()
            known = credentials == [USERNAME.encode(), PASSWORD.encode()]
            status = [b"200", b"OK"] if known else [b"400", b"no such user"]
            asked.send_multipart([version, request, *status, b"", b""])
        asked.close()
        stop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopper.send(b"")
        thread.join()
        stopper.close()
