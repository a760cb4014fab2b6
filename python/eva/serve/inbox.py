"""Messages of a ZeroMQ socket on an event loop, one at a turn.

pyzmq's own asyncio sockets make a future of every message and every sending; this half of the work is most of
what a small request costs. Here the loop watches the socket's descriptor instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import zmq


class Inbox:
    """Calls `take` with the frames of each message, from `open` to `close`.

    - `broken`: has the exception where `take` or the socket raised one; nothing is read any more then.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        socket: zmq.Socket[bytes],
        take: Callable[[list[bytes]], None],
    ) -> None:
        self.broken: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._socket = socket
        self._take = take
        self._looking = False
        self._closed = False

    def open(self) -> None:
        self._loop.add_reader(self._socket.fileno(), self._one)
        self.look()

    def look(self) -> None:
        """If a message waits, take it at the loop's next turn.

        The descriptor tells of changes, not of messages that wait, and sending through the socket uses such a
        change up: so whoever has sent calls this. Where none waits now, the next one is a change again.
        """
        if not self._looking and not self._closed and int(self._socket.get(zmq.EVENTS)) & zmq.POLLIN:
            self._looking = True
            self._loop.call_soon(self._one)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket.fileno())

    def _one(self) -> None:
        """Take one message: a flood of them must not starve timers and answers."""
        self._looking = False  # (a second look that is due finds nothing, or the next message)
        if self._closed:
            return
        try:
            self._take(self._socket.recv_multipart(zmq.DONTWAIT))
        except zmq.Again:
            return
        except Exception as error:
            self.close()
            self.broken.set_exception(error)
            return
        self.look()
