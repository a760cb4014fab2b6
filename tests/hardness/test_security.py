"""The promises of docs/security.md that no other test holds: who is let in, where the daemon listens, and
where the text of proofs never goes."""

from __future__ import annotations

import ast
import hmac
import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dealer import dealing
from scripted import ScriptedJudge, serving
from streams import GREETING, hello
from victim import Victim, suffering

from eva.client import Client, WrongToken
from eva.runtime import Connection
from eva.serve import auth

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "python" / "eva").rglob("*.py"))
CANARY = "canary_%s_%(x)s_{0}_{x.__class__}_$(id)_`id`_;id_<b>_\x1b[31m"
MARK = "canary"


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "victim.log"


@pytest.fixture
def victim(log_path: Path) -> Iterator[Victim]:
    with suffering(log_path) as victim:
        yield victim


@pytest.mark.parametrize(
    ("user", "token"), [(b"eva", b"0" * 64), (b"adm", None), (b"adm", b"0" * 64), (b"", b"")]
)
def test_every_part_is_compared_in_constant_time_whichever_is_wrong(
    monkeypatch: pytest.MonkeyPatch, user: bytes, token: bytes | None
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare_digest(given: bytes, right: bytes) -> bool:
        compared.append((given, right))
        return hmac.compare_digest(given, right)

    monkeypatch.setattr(auth, "hmac", SimpleNamespace(compare_digest=compare_digest))
    with serving(ScriptedJudge()) as served:
        right = served.connection.token.encode()
        host, _, port = served.connection.endpoint.removeprefix("tcp://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as stranger:
            stranger.sendall(GREETING + hello(right if token is None else token, user))
            heard = b""
            while b"RROR" not in heard:
                more = stranger.recv(4096)
                assert more
                heard += more
    assert compared == [(user, b"eva"), (right if token is None else token, right)]


@pytest.mark.skipif(sys.platform != "linux", reason="sockets of a process are listed in /proc")
def test_the_daemon_listens_on_loopback_alone(victim: Victim) -> None:
    mine = {str(fd.readlink()) for fd in Path(f"/proc/{victim.process.pid}/fd").iterdir()}
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{victim.process.pid}/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and f"socket:[{line.split()[9]}]" in mine
    ]
    assert listening == [f"0100007F:{victim.address[1]:04X}"]


def test_no_text_of_a_client_reaches_the_log(victim: Victim, log_path: Path) -> None:
    """Neither what is scored, nor what is refused, nor what a model says when it fails, nor a wrong token."""
    whole = {
        "goals": [CANARY],
        "tactic": CANARY,
        "statement": CANARY,
        "earlier": [CANARY],
        "goals_after": [CANARY],
        "name": CANARY,
        "lean_error": CANARY,
        CANARY: CANARY,
    }
    bad: list[dict[str, Any]] = [
        *({"steps": [whole | {key: {CANARY: CANARY}}]} for key in whole if key != CANARY),
        {"steps": CANARY},
        {"order": CANARY},
        {"critique": CANARY},
        {"deadline_ms": CANARY},
        {"type": CANARY},
        {"eva": CANARY},
        {"eva": 99},
        {"id": CANARY * 9},
    ]
    id = CANARY[:60]
    with dealing(victim.connection) as dealer:
        for tactic in (CANARY, "raise", "raise late", "skip", "nan", "too long"):
            dealer.ask("score", id, steps=[whole | {"tactic": tactic}], **{CANARY: CANARY})
            dealer.hear_until("done", "error")
        dealer.ask("score", id, steps=[whole | {"tactic": "hold"}], deadline_ms=1)
        assert dealer.hear()["code"] == "deadline"
        dealer.ask("score", id, steps=[whole | {"tactic": "hold"}])
        dealer.ask("score", id, steps=[whole])
        dealer.ask("cancel", id)
        assert [dealer.hear()["code"] for _ in range(2)] == ["bad_request", "cancelled"]
        for fields in bad:
            message = {"eva": 1, "type": "score", "id": id, "steps": [whole]} | fields
            dealer.send(json.dumps(message).encode())
            assert dealer.hear()["code"] in ("bad_request", "unsupported_version")
        for raw in (CANARY, f'"{CANARY}', f'["{CANARY}"]', "[" * 40 + CANARY):
            dealer.send(raw.encode())
            dealer.hear()
    there = victim.connection
    with (
        pytest.raises(WrongToken),
        Client(Connection(there.endpoint, CANARY, there.pid, there.model)) as stranger,
    ):
        stranger.health()
    victim.check()
    victim.close()
    log = log_path.read_text(encoding="utf-8")
    events = {json.loads(line)["event"] for line in log.splitlines()}
    assert {"refused", "model failed", "client refused"} <= events
    assert MARK not in log
    assert MARK.encode().hex() not in log


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_log_lines_are_constants_with_fields_beside_them() -> None:
    """So no text can be read as a format, and none is in the line itself."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    found = 0
    for path in SOURCES:
        for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            function = call.func
            if not (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.value.id == "log"
            ):
                continue
            words = call.args[1:] if function.attr == "log" else call.args
            assert function.attr in levels | {"log"}, f"{path}:{call.lineno}"
            assert len(words) == 1, f"{path}:{call.lineno}: give fields as extra=…"
            assert isinstance(words[0], ast.Constant), f"{path}:{call.lineno}"
            found += 1
    assert found > 10


def test_nothing_runs_a_shell_or_text_as_code() -> None:
    """`refute` alone evaluates: comparisons of numbers, whose signs and names it has checked one by one."""
    for path in SOURCES:
        for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(call.func)
            where = f"{path}:{call.lineno}: {name}"
            assert not any(keyword.arg == "shell" for keyword in call.keywords), where
            assert name not in ("os.system", "os.popen", "exec", "pickle.load", "pickle.loads"), where
            assert name != "eval" or path.name == "refute.py", where


def test_the_panel_writes_no_html_of_its_own() -> None:
    """React escapes what it is given; these ways around it are not taken."""
    around = re.compile(r"dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write")
    sources = [path for path in (ROOT / "lean" / "widget" / "src").rglob("*") if path.is_file()]
    assert sources
    for path in sources:
        assert not around.search(path.read_text(encoding="utf-8")), path


def test_only_the_log_and_the_connection_file_know_the_wall_clock() -> None:
    """All deadlines are of the monotonic clock: a clock that is set puts none of them off."""
    told = {"runtime.py": 1, "log.py": 1}  # `started` of the connection file; `time` of a log line
    for path in [*(ROOT / "python" / "eva" / "serve").glob("*.py"), *(ROOT / "python" / "eva").glob("*.py")]:
        names = [ast.unparse(call.func) for call in calls(ast.parse(path.read_text(encoding="utf-8")))]
        wall = [
            name for name in names if name in ("time.time", "time.gmtime", "time.localtime", "time.time_ns")
        ]
        assert len(wall) == told.get(path.name, 0), (path, wall)
        assert not any("datetime" in name for name in names), path
