"""One authenticated ZeroMQ connection to a daemon, whose end is noticed when it happens.

libzmq itself would keep silent about a refused token, and wait and reconnect for ever when the daemon is
gone; the socket's monitor tells.
"""

from __future__ import annotations

import secrets
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

from eva.runtime import BadConnectionFile, Connection, DaemonError, StaleDaemon, is_abandoned

_REFUSED = (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
_LOST = (zmq.EVENT_CLOSED, zmq.EVENT_DISCONNECTED, zmq.EVENT_CONNECT_RETRIED)
_LINGER_MS = 500
_NEVER_MS = 86_400_000
"""Reconnecting is put off for a day: where it is forbidden (-1), libzmq throws away at the connection's end
what has come and was not read yet."""
_DYING_S = 0.5


class WrongToken(DaemonError):
    """The daemon refused the token (or the keys)."""


class LinkLost(Exception):
    """The connection ended."""


class Link:
    """A DEALER that has shaken hands. For one thread.

    Raises, within `timeout` seconds: `StaleDaemon` where nothing listens, `WrongToken` where the daemon
    refuses, `LinkLost` where whoever listens does not answer. Raises `BadConnectionFile` where ZeroMQ cannot
    even try.
    """

    def __init__(self, connection: Connection, timeout: float) -> None:
        self._connection = connection
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.reconnect_ivl = _NEVER_MS
        self._socket.ipv6 = "[" in connection.endpoint
        # the default name is the socket's descriptor, which the next socket may get before this is gone
        monitor = f"inproc://eva-monitor-{secrets.token_hex(8)}"
        self._monitor: zmq.Socket[bytes] = self._socket.get_monitor_socket(addr=monitor)
        self._lost = False
        self._poller = zmq.Poller()
        self._poller.register(self._monitor, zmq.POLLIN)
        try:
            self._connect()
            self._shake_hands(time.monotonic() + timeout, timeout)
        except BaseException:
            self.close()
            raise
        self._poller.register(self._socket, zmq.POLLIN)
        self._socket.linger = _LINGER_MS  # a last `cancel` may go out

    def send(self, frame: bytes) -> None:
        """Send one frame; whether the connection has ended, only `receive` tells. Raises `LinkLost`."""
        try:
            self._socket.send(frame, zmq.DONTWAIT)
        except zmq.Again:
            raise LinkLost("the daemon takes no more messages") from None

    def receive(self, until: float) -> bytes | None:
        """The next frame, or `None` where none came by `until` (of `time.monotonic`). Raises `LinkLost`."""
        while True:
            left = until - time.monotonic()
            ready = dict(self._poller.poll(int(left * 1000) + 1 if left > 0 and not self._lost else 0))
            if self._socket in ready:
                return self._socket.recv(zmq.DONTWAIT)
            if self._lost:  # and what came before is read
                raise LinkLost("the daemon closed the connection")
            if self._monitor in ready:
                self._lost = self._event() in _LOST
            elif left <= 0:
                return None

    def is_lost(self) -> bool:
        """Whether the connection has ended, as far as that has been noticed."""
        while not self._lost and int(self._monitor.get(zmq.EVENTS)) & zmq.POLLIN:
            self._lost = self._event() in _LOST
        return self._lost

    def close(self) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0 if self._lost else None)  # what was sent since then goes nowhere

    def _connect(self) -> None:
        """Say where to and as whom; libzmq looks at the form of both at once."""
        connection = self._connection
        try:
            if connection.curve is None:
                self._socket.plain_username = b"eva"
                self._socket.plain_password = connection.token.encode()
            else:
                self._socket.curve_serverkey = connection.curve.server_public.encode()
                self._socket.curve_publickey = connection.curve.client_public.encode()
                self._socket.curve_secretkey = connection.curve.client_secret.encode()
            self._socket.connect(connection.endpoint)
        except (zmq.ZMQError, UnicodeError):
            raise BadConnectionFile(
                f"{connection.path or 'the connection'} has an endpoint ({connection.endpoint}), a token or "
                "keys that ZeroMQ does not take",
                "stop the daemon, remove that file and start the daemon again",
            ) from None

    def _event(self) -> int:
        return int(recv_monitor_message(self._monitor, zmq.DONTWAIT)["event"])

    def _is_gone(self) -> bool:
        """Whether the daemon died in the handshake; its lock may outlive its port for a moment."""
        path, patience = self._connection.path, time.monotonic() + _DYING_S
        while path is not None and time.monotonic() < patience:
            if is_abandoned(path, self._connection.host):
                return True
            time.sleep(0.02)
        return False

    def _shake_hands(self, until: float, timeout: float) -> None:
        where = self._connection.endpoint
        source = f" of {self._connection.path}" if self._connection.path else ""
        while (left := until - time.monotonic()) > 0:
            if not self._monitor.poll(max(1, int(left * 1000))):
                continue
            event = self._event()
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                return
            if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                raise WrongToken(
                    f"the daemon at {where} refused the token{source}",
                    "it is another daemon's: restart it with 'eva stop' and 'eva serve --detach'",
                )
            gone = event in _REFUSED and self._is_gone()
            if event in _REFUSED and not gone:
                raise WrongToken(
                    f"the handshake with {where} failed",
                    f"the keys{source} are not those of the daemon there, if it is one; restart it",
                )
            if event in _LOST or gone:
                raise StaleDaemon(
                    f"nothing speaks ZeroMQ at {where} (pid {self._connection.pid} is to be there)",
                    "start a daemon with 'eva serve --detach'",
                )
        raise LinkLost(
            f"{where} did not answer the handshake within {timeout:g} s (is the token{source} right?)"
        )
