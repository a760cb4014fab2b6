"""Who may speak: PLAIN with the token of the connection file, or CURVE with the keys in it.

libzmq asks an in-process ZAP handler (ZeroMQ RFC 27) about every connection before it reaches the ROUTER.
"""

from __future__ import annotations

import hmac
import logging
import secrets

import zmq
import zmq.asyncio
from zmq.utils import z85

from eva.runtime import CurveKeys
from eva.serve.log import REFUSALS_EVERY_S, Seldom

log = logging.getLogger(__name__)

USERNAME = "eva"
ZAP_ENDPOINT = "inproc://zeromq.zap.01"
ZAP_DOMAIN = b"eva"


def new_token() -> str:
    """64 hex digits that nobody can guess."""
    return secrets.token_hex(32)


class Gate:
    """Guards one ROUTER: answers libzmq's questions about who may connect. `refused` counts the turned away.

    Without `curve` clients give `token`; with `curve` they prove the one client key in `keys`.
    """

    def __init__(self, context: zmq.asyncio.Context, token: str, *, curve: bool) -> None:
        self.refused = 0
        self._refusals = Seldom(REFUSALS_EVERY_S)
        self.keys: CurveKeys | None = None
        self._server_secret = b""
        self._admitted: tuple[bytes, ...] = (USERNAME.encode(), token.encode())
        if curve:
            server_public, self._server_secret = zmq.curve_keypair()
            client_public, client_secret = zmq.curve_keypair()
            self.keys = CurveKeys(server_public.decode(), client_public.decode(), client_secret.decode())
            self._admitted = (z85.decode(client_public),)
        self._mechanism = b"CURVE" if curve else b"PLAIN"
        self._zap: zmq.asyncio.Socket = context.socket(zmq.REP)
        self._zap.linger = 0
        self._zap.bind(ZAP_ENDPOINT)

    def guard(self, router: zmq.Socket[bytes]) -> None:
        """Set the mechanism of `router`, before it is bound."""
        router.zap_domain = ZAP_DOMAIN
        if self.keys is None:
            router.plain_server = True
        else:
            router.curve_server = True
            router.curve_secretkey = self._server_secret

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            frames = await self._zap.recv_multipart()
            version, request_id, domain, address, _, mechanism, *credentials = frames
            admitted = domain == ZAP_DOMAIN and mechanism == self._mechanism and self._known(credentials)
            if not admitted:
                self._refuse(address)
            status, text = (b"200", b"OK") if admitted else (b"400", b"no such token or key")
            await self._zap.send_multipart([version, request_id, status, text, b"", b""])

    def close(self) -> None:
        self._zap.close()

    def _refuse(self, address: bytes) -> None:
        self.refused += 1
        if self._refusals.is_due():
            log.warning(
                "client refused",
                extra={"address": address.decode("ascii", "replace"), "refused": self.refused},
            )

    def _known(self, credentials: list[bytes]) -> bool:
        """In constant time, whichever part is wrong."""
        if len(credentials) != len(self._admitted):
            return False
        same = [hmac.compare_digest(a, b) for a, b in zip(credentials, self._admitted, strict=True)]
        return all(same)
