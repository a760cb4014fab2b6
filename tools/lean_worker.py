#!/usr/bin/env python3
"""A language server on stdin and stdout: the WebAssembly Lean's file worker with this package on its path.

    python tools/lean_worker.py [--connection FILE] [-D name=value]…

For tests of what an editor sees, where no native Lean is: it stands in for `lake serve`. When a file is
opened, the modules of the package that it imports are compiled first where they have changed (minutes the
first time; stderr says what). One file at a time, a small one: the worker takes 2 GB and some 10 s to start.
The file is what the client sends; it need not be on disk.

- A file that imports a module of the package or of its tests is given the header that this Lean needs to
  run a package's code, in the place of its own: lines stay, columns move on the header's last line only.
- That Lean has no sockets, so the package's connections go through files and a relay to TCP
  (`EvaTest/Relayed.lean`).
- `--connection FILE` is the daemon's connection file (`eva.endpoint` for all that is opened). That Lean sees
  no environment variables, so without the option the package finds no daemon. It also takes any lock for
  free, whereupon each daemon would be gone: so it is shown a copy that has no lock beside it, and that
  follows the file within a moment.
- What a client sees of Lean's own watchdog is here as well: `initialize`, `shutdown`, `exit`, a fresh worker
  for a file that is closed and opened again, and an error for each request that a dead worker leaves behind.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, BinaryIO

from lean_check import ROOT, package
from lean_modules import OPTIONS, WasmLean, imported_names, in_import_order, shim_header

sys.path.insert(0, str(ROOT / "tests" / "zmtp"))

from relay import NAP_S, FileRelay

RELAYED = "EvaTest.Relayed"
CAPABILITIES = {
    "textDocumentSync": {"openClose": True, "change": 2, "willSave": False, "willSaveWaitUntil": False},
    "hoverProvider": True,
    "codeActionProvider": {"resolveProvider": True, "codeActionKinds": ["quickfix", "refactor"]},
    "inlayHintProvider": {"resolveProvider": False},
    "experimental": {"rpcProvider": {"highlightMatchesProvider": {}}},
}
METHOD_NOT_FOUND, INTERNAL_ERROR = -32601, -32603

Message = dict[str, Any]


class Wire:
    """LSP messages over two streams; any thread may write."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink
        self._writing = threading.Lock()

    def read(self) -> Message | None:
        """The next message, or None at the stream's end."""
        length = None
        while line := self._source.readline():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif not line.strip() and length is not None:
                body = self._source.read(length)
                return json.loads(body) if len(body) == length else None
        return None

    def write(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self._writing:
            self._sink.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            self._sink.flush()


class Document:
    """The text that the editor has, and how the worker is told of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def shimmed(self) -> str:
        return "".join(self._parts())

    def _parts(self) -> tuple[str, str]:
        return shim_header(self.text, [RELAYED] if self.imports_package() else [])

    def imports_package(self) -> list[str]:
        return [name for name in imported_names(self.text) if name.split(".")[0] in ("Eva", "EvaTest")]

    def change(self, change: Message) -> Message:
        """Take over a change; what the worker is told instead. Changes behind the header stay as they are."""
        if "range" not in change:
            self.text = change["text"]
            return {"text": self.shimmed()}
        header_end = len(self.text) - len(self._parts()[1])
        start, end = (self._offset(change["range"][which]) for which in ("start", "end"))
        behind = start > header_end and self.text.count("\n", 0, start) > self.text.count("\n", 0, header_end)
        header = self._parts()[0]
        self.text = self.text[:start] + change["text"] + self.text[end:]
        return change if behind and self._parts()[0] == header else {"text": self.shimmed()}

    def _offset(self, position: Message) -> int:
        """The code point at an LSP position (lines, UTF-16 units)."""
        start = 0
        for _ in range(position["line"]):
            newline = self.text.find("\n", start)
            if newline < 0:
                return len(self.text)
            start = newline + 1
        units = 0
        for at in range(start, len(self.text)):
            if units >= position["character"] or self.text[at] == "\n":
                return at
            units += 2 if ord(self.text[at]) > 0xFFFF else 1
        return len(self.text)


class ConnectionCopy:
    """Keeps a copy of a connection file that is there when the file is, until `close`."""

    def __init__(self, file: Path, copy: Path) -> None:
        self._file, self._copy = file, copy
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        known = None
        while True:
            try:
                content = self._file.read_bytes()
            except FileNotFoundError:
                content = None
            if content is None:
                self._copy.unlink(missing_ok=True)
            elif content != known:
                fresh = self._copy.with_suffix(".new")
                fresh.write_bytes(content)
                fresh.chmod(0o600)
                fresh.replace(self._copy)
            known = content
            if self._stop.wait(NAP_S):
                return

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


class Worker:
    """A Lean process for one file; what it says goes to the client's wire."""

    def __init__(self, server: Server, opened: Message) -> None:
        self.uri = opened["textDocument"]["uri"]
        self.document = Document(opened["textDocument"]["text"])
        self.pending: set[Any] = set()
        compile_modules(server.lean, {RELAYED, *self.document.imports_package()})
        self._client = server.client
        self._directory = tempfile.TemporaryDirectory(prefix="lean-worker-")
        relay = Path(self._directory.name) / "relay"
        relay.mkdir()
        self._helpers: list[FileRelay | ConnectionCopy] = [FileRelay(relay)]
        options = list(server.options)
        if server.connection:
            copy = Path(self._directory.name) / "daemon.json"
            self._helpers.append(ConnectionCopy(server.connection, copy))
            options.append(f"-Dweak.eva.endpoint={copy}")
        self._process = subprocess.Popen(
            [str(server.lean.lean), "--worker", *OPTIONS, *options],
            cwd=self._directory.name,
            env={**os.environ, "LEAN_PATH": str(server.lean.build)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._wire = Wire(self._process.stdout, self._process.stdin)
        self._wire.write({"id": 0, "method": "initialize", "params": server.initialize})  # it does not answer
        text_document = {**opened["textDocument"], "text": self.document.shimmed()}
        opened = {**opened, "textDocument": text_document, "dependencyBuildMode": "never"}
        self.tell({"method": "textDocument/didOpen", "params": opened})
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def tell(self, message: Message) -> None:
        if "id" in message and "method" in message:
            self.pending.add(message["id"])
        try:
            self._wire.write(message)
        except OSError:  # it has ended: the reader says so
            self._fail_pending()

    def change(self, params: Message) -> None:
        changes = [self.document.change(change) for change in params["contentChanges"]]
        self.tell({"method": "textDocument/didChange", "params": {**params, "contentChanges": changes}})

    def _read(self) -> None:
        while (message := self._wire.read()) is not None:
            if "method" not in message:
                self.pending.discard(message["id"])
            self._client.write(message)
        self._fail_pending()

    def _fail_pending(self) -> None:
        while self.pending:
            error = {"code": INTERNAL_ERROR, "message": f"the Lean worker of {self.uri} has ended"}
            self._client.write({"id": self.pending.pop(), "error": error})

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for helper in self._helpers:
            helper.close()
        self._directory.cleanup()


class Server:
    """What Lean's watchdog does for a client, for one file at a time."""

    def __init__(self, lean: WasmLean, client: Wire, options: list[str], connection: Path | None) -> None:
        self.lean, self.client, self.options, self.connection = lean, client, options, connection
        self.initialize: Message = {"capabilities": {}}
        self._worker: Worker | None = None

    def run(self) -> None:
        """Serve until the client says `exit`, or is gone."""
        try:
            while (message := self.client.read()) is not None and message.get("method") != "exit":
                self._handle(message)
        finally:
            self._close()

    def _handle(self, message: Message) -> None:
        method, params = message.get("method"), message.get("params", {})
        match method:
            case "initialize":
                self.initialize = params
                info = {"name": "Lean 4 Server", "version": "0.3.0"}
                self._answer(message, {"capabilities": CAPABILITIES, "serverInfo": info})
            case "shutdown":
                self._answer(message, None)
            case "initialized" | "workspace/didChangeConfiguration" | "textDocument/didSave":
                pass
            case "textDocument/didOpen":
                self._close()
                self._worker = Worker(self, params)
            case "textDocument/didClose":
                self._close()
            case "textDocument/didChange" if self._worker:
                self._worker.change(params)
            case _ if self._worker:
                self._worker.tell(message)
            case _ if "id" in message and method:
                error = {"code": METHOD_NOT_FOUND, "message": f"no file is open for {method}"}
                self.client.write({"id": message["id"], "error": error})

    def _answer(self, message: Message, result: Any) -> None:
        self.client.write({"id": message["id"], "result": result})

    def _close(self) -> None:
        if self._worker:
            self._worker.close()
            self._worker = None


def compile_modules(lean: WasmLean, needed: set[str]) -> None:
    """Compile modules of the package and all that they import. Raises `RuntimeError` for errors in one."""
    library, tests = package()
    modules = in_import_order(library | tests)
    for module in reversed(modules):
        if module.name in needed:
            needed.update(module.imports)
    with lean.locked():
        lean.prepare()
        for module in modules:
            if module.name in needed:
                outcome = lean.check(module)
                if not outcome.unchanged:
                    took = f"{module.name} ({outcome.seconds:.0f} s)"
                    print(f"lean-worker: {took}", file=sys.stderr, flush=True)
                if outcome.errors:
                    error = outcome.errors[0]
                    raise RuntimeError(f"{module.path}:{error.line}: {error.text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--connection", type=Path, help="the daemon's connection file")
    parser.add_argument("-D", dest="options", action="append", default=[], help="a Lean option, name=value")
    arguments = parser.parse_args()
    home = Path(os.environ.get("EVA_LEAN_WASM") or ROOT / ".build" / "lean-wasm")
    lean = WasmLean(home / "bin" / "lean", ROOT / ".build" / "lean-check", ROOT)
    if not lean.lean.is_file():
        print(f"lean-worker: no WebAssembly Lean in {home} (make lean)", file=sys.stderr)
        return 2
    options = [f"-D{option}" for option in arguments.options]
    try:
        Server(lean, Wire(sys.stdin.buffer, sys.stdout.buffer), options, arguments.connection).run()
    except RuntimeError as error:
        print(f"lean-worker: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
