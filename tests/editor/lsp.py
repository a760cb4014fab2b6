"""An LSP client for tests, over a server's stdin and stdout."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

Message = dict[str, Any]
PATIENCE_S = 300.0
KEEP_ALIVE_S = 5.0


class LspError(Exception):
    """An error response; `code` is JSON-RPC's."""

    def __init__(self, error: Message) -> None:
        super().__init__(f"{error['message']} ({error['code']})")
        self.code = error["code"]


class Pending:
    """A request whose response is awaited."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._response: queue.Queue[Message] = queue.Queue()

    def put(self, response: Message) -> None:
        self._response.put(response)

    def arrived(self) -> bool:
        return not self._response.empty()

    def result(self, patience_s: float = PATIENCE_S) -> Any:
        """Wait for the result. Raises `LspError`, or `TimeoutError` where nothing comes."""
        try:
            response = self._response.get(timeout=patience_s)
        except queue.Empty:
            raise TimeoutError(f"no response within {patience_s} s") from None
        if "error" in response:
            raise LspError(response["error"])
        return response["result"]


class LspClient:
    """One open file in an editor. A thread takes what comes, as it comes."""

    def __init__(self, command: Sequence[str], uri: str = "file:///Proof.lean") -> None:
        self.uri, self.text, self.version = uri, "", 0
        self.diagnostics: list[Message] = []
        self.refreshes: list[str] = []
        self._pending: dict[int, Pending] = {}
        self._asked = 0
        self._session = ""
        self._writing = threading.Lock()
        self._process = subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=run) for run in (self._read, self._keep_session)]
        for thread in self._threads:
            thread.start()
        capabilities = {"textDocument": {"inlayHint": {}}, "lean": {"silentDiagnosticSupport": True}}
        self.initialized = self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": None,
                "capabilities": capabilities,
                "initializationOptions": {"hasWidgets": True},
            },
        ).result()
        self.notify("initialized", {})

    # messages

    def notify(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Pending:
        with self._writing:
            self._asked += 1
            number = self._asked
        pending = self._pending[number] = Pending(number)
        self._write({"id": number, "method": method, "params": params})
        return pending

    def _write(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        with self._writing:
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        stream, length = self._process.stdout, 0
        while line := stream.readline():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            elif not line.strip():
                self._take(json.loads(stream.read(length)))
        for pending in list(self._pending.values()):
            pending.put({"error": {"code": 0, "message": "the server has ended"}})

    def _keep_session(self) -> None:
        """A session without a sign of life ends after half a minute."""
        while not self._closed.wait(KEEP_ALIVE_S):
            if session := self._session:
                self.notify("$/lean/rpc/keepAlive", {"uri": self.uri, "sessionId": session})

    def _take(self, message: Message) -> None:
        method = message.get("method")
        if method is None:
            self._pending.pop(message["id"]).put(message)
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics = message["params"]["diagnostics"]
        elif "id" in message:
            self.refreshes.append(method)
            self._write({"id": message["id"], "result": None})

    def close(self) -> None:
        self._closed.set()
        self.notify("exit", None)
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()

    # the file

    @property
    def document(self) -> Message:
        return {"uri": self.uri}

    def open(self, text: str) -> None:
        self.text, self.version, self._session = text, 1, ""
        document = {"uri": self.uri, "languageId": "lean4", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def replace(self, old: str, new: str) -> None:
        """Edit the one place where `old` stands."""
        assert self.text.count(old) == 1, f"{old!r} stands {self.text.count(old)} times"
        at = self.text.index(old)
        where = {"start": self.position_of(at), "end": self.position_of(at + len(old))}
        self.text = self.text.replace(old, new)
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        self.notify(
            "textDocument/didChange",
            {"textDocument": document, "contentChanges": [{"range": where, "text": new}]},
        )

    def position_of(self, at: int | str) -> Message:
        """The LSP position of an offset, or of the one place where a text stands."""
        if isinstance(at, str):
            assert self.text.count(at) == 1, f"{at!r} stands {self.text.count(at)} times"
            at = self.text.index(at)
        before = self.text[:at].split("\n")
        return {"line": len(before) - 1, "character": len(before[-1].encode("utf-16-le")) // 2}

    def elaborated(self, patience_s: float = PATIENCE_S) -> list[Message]:
        """Wait until the whole file is elaborated; its messages."""
        params = {"uri": self.uri, "version": self.version}
        self.request("textDocument/waitForDiagnostics", params).result(patience_s)
        return self.diagnostics

    def at(self, position: Message) -> Message:
        return {"textDocument": self.document, "position": position}

    # RPC of the infoview

    def connect(self) -> None:
        self._session = self.request("$/lean/rpc/connect", {"uri": self.uri}).result()["sessionId"]

    def call(self, method: str, position: Message, params: Any) -> Pending:
        if not self._session:
            self.connect()
        call = {"sessionId": self._session, "method": method, "params": params}
        return self.request("$/lean/rpc/call", {**self.at(position), **call})

    def cancel(self, pending: Pending) -> None:
        self.notify("$/cancelRequest", {"id": pending.number})

    def widgets(self, position: Message) -> list[Message]:
        result = self.call("Lean.Widget.getWidgets", position, position).result()
        return list(result["widgets"])


def eventually(what: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """The first result of `what` that is true."""
    end = time.monotonic() + patience_s
    while not (found := what()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {patience_s} s")
        time.sleep(0.05)
    return found
