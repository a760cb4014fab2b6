"""Frames to clients, without ever waiting for one of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

import zmq

log = logging.getLogger(__name__)

UNREAD_LIMIT = 10_000
"""Frames that are kept for a client that does not read, beyond what libzmq and the network hold."""
RETRY_S = 0.02


class Post:
    """Sends through a ROUTER that has `ROUTER_MANDATORY` set.

    - `sent`: called after the socket was used.
    - `gone(client)`: told when a client turns out to have vanished.
    - `deaf(client)`: told when a client has left `UNREAD_LIMIT` frames unread.
    """

    def __init__(
        self,
        router: zmq.Socket[bytes],
        sent: Callable[[], None],
        gone: Callable[[bytes], None],
        deaf: Callable[[bytes], None],
    ) -> None:
        self._router = router
        self._sent = sent
        self._gone = gone
        self._deaf = deaf
        self._unread: dict[bytes, deque[bytes]] = {}
        self._something = asyncio.Event()

    def send(self, client: bytes, frame: bytes) -> None:
        """Send now, or keep the frame until the client reads again."""
        unread = self._unread.get(client)
        if unread is None:
            if self._try(client, frame):
                return
            unread = self._unread[client] = deque()
            self._something.set()
        unread.append(frame)
        if len(unread) == UNREAD_LIMIT:
            log.warning("client does not read", extra={"client": client.hex(), "unread": len(unread)})
            self._deaf(client)

    def is_deaf(self, client: bytes) -> bool:
        return len(self._unread.get(client, ())) >= UNREAD_LIMIT

    def is_full(self, client: bytes) -> bool:
        """Whether the client left as much again unread: not even refusals are to be kept for it."""
        return len(self._unread.get(client, ())) >= 2 * UNREAD_LIMIT

    async def run(self) -> None:
        """Try again what could not be sent, until cancelled; a ROUTER does not say who reads again."""
        while True:
            await self._something.wait()
            await asyncio.sleep(RETRY_S)
            self._retry()

    async def flush(self, timeout: float) -> None:
        """Wait until all is sent, at most `timeout` seconds."""
        end = time.monotonic() + timeout
        while self._unread and time.monotonic() < end:
            self._retry()
            await asyncio.sleep(RETRY_S)

    def _retry(self) -> None:
        for client, unread in list(self._unread.items()):
            while unread:
                frame = unread.popleft()
                if not self._try(client, frame):
                    unread.appendleft(frame)
                    break
            if not unread:
                self._unread.pop(client, None)
        if not self._unread:
            self._something.clear()

    def _try(self, client: bytes, frame: bytes) -> bool:
        """Whether the frame is dealt with: sent, or its client is gone."""
        try:
            self._router.send_multipart([client, frame], zmq.DONTWAIT)
        except zmq.Again:
            return False
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._unread.pop(client, deque()).clear()
            self._gone(client)
        finally:
            self._sent()
        return True
