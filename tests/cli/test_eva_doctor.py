"""`eva doctor`: each check tells what it saw, and what to do about it."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eva.cli import app, checks
from eva.runtime import Connection, write_connection


@pytest.fixture
def no_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("EVA_CONNECTION_FILE", str(tmp_path / "daemon.json"))
    return tmp_path / "daemon.json"


@pytest.fixture
def fake_lean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    def install(script: str) -> None:
        lean = tmp_path / "lean"
        lean.write_text(f"#!{sys.executable}\n{script}\n", "utf-8")
        lean.chmod(0o755)
        monkeypatch.setenv("EVA_LEAN", str(lean))

    return install


def save_model(directory: Path) -> None:
    directory.mkdir()
    for name in checks.MODEL_FILES:
        (directory / name).write_bytes(b"eva")


def test_the_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_daemon: Path, fake_lean: Callable[[str], None]
) -> None:
    save_model(tmp_path / "model")
    monkeypatch.setattr(checks, "EMBEDDED_MODEL", tmp_path / "model")
    fake_lean("print('Lean (version 4.28.0)')")
    result = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "ok  Lean            Lean (version 4.28.0)" in result.stdout
    digest = hashlib.sha256(b"eva").hexdigest()[:12]
    assert f"ok  embedded model  model, 0.0 MB, sha256 {digest}" in result.stdout
    assert "warn  daemon          no daemon runs" in result.stdout
    assert "→ start one with 'eva serve --detach'" in result.stdout

    (tmp_path / "model" / "eva.json").unlink()
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["ok"] is False
    failed = [check for check in report["checks"] if check["state"] == "fail"]
    assert [check["name"] for check in failed] == ["embedded model"]
    assert "eva.json missing" in failed[0]["detail"]


def test_packages_are_judged_by_what_eva_asks_for() -> None:
    from packaging.requirements import Requirement

    assert checks.package("typer", Requirement("typer>=0.1")).state == "ok"
    old = checks.package("typer", Requirement("typer>=1000"))
    assert (old.state, old.remedy) == ("fail", "pip install 'typer>=1000'")
    assert checks.package("no-such-package", None) == checks.Check(
        "no-such-package", "fail", "not installed", "pip install 'no-such-package'"
    )


def test_what_this_python_goes_without_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, no_daemon: Path
) -> None:
    lines = ["typer>=0.1", "lean-dojo>=4; python_version < '3'", "rich; extra == 'train'"]
    monkeypatch.setattr(checks, "requires", lambda name: lines)
    monkeypatch.setattr(checks, "lean", lambda: checks.Check("Lean", "ok", ""))
    names = {check.name for check in checks.all_checks()}
    assert names & set(checks.PACKAGES) == {"typer"}


def test_a_connection_file_that_others_can_read_is_a_failure(no_daemon: Path) -> None:
    connection = Connection.of_this_process("tcp://127.0.0.1:1", "0" * 64, "m")
    write_connection(no_daemon, connection)
    no_daemon.chmod(0o644)
    check = checks.daemon()
    assert check.state == "fail"
    assert "0644" in check.detail
    assert check.remedy


def test_a_daemon_that_does_not_answer_is_a_failure(no_daemon: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "HEALTH_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        write_connection(no_daemon, Connection.of_this_process(endpoint, "0" * 64, "m"))
        check = checks.daemon()
    assert check.state == "fail"
    assert check.remedy


def test_a_daemon_that_is_gone_is_a_warning(no_daemon: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
    write_connection(no_daemon, Connection.of_this_process(endpoint, "0" * 64, "m"))
    check = checks.daemon()
    assert (check.state, "eva serve" in check.remedy) == ("warn", True)


def test_without_pyzmq_the_daemon_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "eva.client", raising=False)
    monkeypatch.delitem(sys.modules, "eva.link", raising=False)
    monkeypatch.setitem(sys.modules, "zmq", None)
    assert checks.daemon() == checks.Check(
        "daemon", "warn", "cannot be asked: pyzmq is missing", "pip install pyzmq"
    )


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("import sys; sys.exit('no such toolchain')", "no such toolchain"),
        ("", "without it, only steps.jsonl"),
    ],
)
def test_a_lean_that_does_not_run_is_a_warning(
    fake_lean: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, script: str, detail: str
) -> None:
    if script:
        fake_lean(script)
    else:
        monkeypatch.setenv("EVA_LEAN", "/nowhere/lean")
    check = checks.lean()
    assert check.state == "warn"
    assert detail in check.detail
    assert check.remedy
