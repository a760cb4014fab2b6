"""Carries bytes between a Lean that has no sockets and TCP.

It is the other end of `EvaTest/FileChannel.lean`, where the files are described.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path

NAP_S = 0.005


class FileRelay:
    """Watches a directory for connections that Lean opens, until `close`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._watch)]
        self._threads[0].start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _watch(self) -> None:
        number = 0
        while not self._stop.wait(NAP_S):
            dial = self.directory / f"{number}.dial"
            if dial.exists():
                self._threads.append(
                    threading.Thread(target=self._connect, args=(number, int(dial.read_text())))
                )
                self._threads[-1].start()
                number += 1

    def _file(self, number: int, what: str) -> Path:
        return self.directory / f"{number}.{what}"

    def _connect(self, number: int, port: int) -> None:
        try:
            peer = socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            self._file(number, "refused").touch()
            return
        peer.settimeout(NAP_S)
        self._file(number, "open").touch()
        with (
            peer,
            self._file(number, "out").open("rb") as out,
            self._file(number, "in").open("ab", 0) as into,
        ):
            alive = True
            while alive and not self._stop.is_set():
                closing = self._file(number, "close").exists()
                try:
                    if data := out.read():
                        peer.settimeout(5)
                        peer.sendall(data)
                        peer.settimeout(NAP_S)
                    received = peer.recv(65536)
                    into.write(received)
                    alive = bool(received)
                except TimeoutError:
                    alive = not closing
                except OSError:
                    alive = False
        self._file(number, "end").touch()
