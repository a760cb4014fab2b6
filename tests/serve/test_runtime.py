"""The connection file: where it is, who may read it, whether its daemon lives."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eva import runtime
from eva.runtime import (
    AlreadyRunning,
    BadConnectionFile,
    Connection,
    CurveKeys,
    DaemonLock,
    DaemonMissing,
    StaleDaemon,
    beside,
)

HERE = Connection.of_this_process("tcp://127.0.0.1:40111", "5ec2e7" * 10, "leibniz-nano")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "eva" / "daemon.json"
    runtime.prepare_directory(path)
    return path


def test_the_first_place_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_CONNECTION_FILE", "/a/b.json")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    monkeypatch.setenv("HOME", "/home/me")
    assert runtime.connection_path() == Path("/a/b.json")
    monkeypatch.delenv("EVA_CONNECTION_FILE")
    assert runtime.connection_path() == Path("/run/user/7/eva/daemon.json")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert runtime.connection_path() == Path("/home/me/.cache/eva/daemon.json")


@pytest.mark.parametrize("curve", [None, CurveKeys("s" * 40, "c" * 40, "k" * 40)])
def test_what_is_written_is_read(path: Path, curve: CurveKeys | None) -> None:
    written = Connection.of_this_process("tcp://[::1]:1", "t", "m", curve)
    runtime.write_connection(path, written)
    read = runtime.read_connection(path)
    assert read.to_json() == written.to_json()
    assert read.path == path
    assert read.pid == os.getpid()


def test_file_and_directory_are_for_the_user_alone(path: Path) -> None:
    old = os.umask(0)
    try:
        runtime.prepare_directory(path)
        runtime.write_connection(path, HERE)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["daemon.json"]  # no temporary file stays


def test_neither_token_nor_secret_key_is_shown(path: Path) -> None:
    keys = CurveKeys("s" * 40, "c" * 40, "SECRET" + "k" * 34)
    connection = Connection.of_this_process("tcp://127.0.0.1:1", "TOKEN", "m", keys)
    assert "TOKEN" not in repr(connection) + str(connection) + connection.who
    assert "SECRET" not in repr(connection)


def test_no_file(path: Path) -> None:
    with pytest.raises(DaemonMissing, match="eva serve"):
        runtime.read_connection(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_open_is_refused(path: Path, mode: int) -> None:
    runtime.write_connection(path, HERE)
    path.chmod(mode)
    with pytest.raises(BadConnectionFile, match=rf"{mode:04o}.*start the daemon again"):
        runtime.read_connection(path)


def test_a_symbolic_link_is_refused(path: Path) -> None:
    runtime.write_connection(path, HERE)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(BadConnectionFile, match="symbolic link"):
        runtime.read_connection(path)


def test_a_pipe_is_refused_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(BadConnectionFile, match="regular file"):
        runtime.read_connection(path)


def test_a_directory_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(BadConnectionFile):
        runtime.read_connection(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_refused(path: Path) -> None:
    runtime.write_connection(path, HERE)
    os.chown(path, 12345, -1)
    with pytest.raises(BadConnectionFile, match="12345"):
        runtime.read_connection(path)


GOOD = HERE.to_json() | {"pid": 4711}  # the names of tests are the same in every process
NEEDED = ("eva", "endpoint", "token", "pid", "model")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '"daemon"',
        "\udcff",
        "[" * 100_000,
        *(
            json.dumps({key: value for key, value in GOOD.items() if key != gone})
            for gone in GOOD
            if gone not in ("started", "host")
        ),
        json.dumps(GOOD | {"eva": 2}),
        json.dumps(GOOD | {"endpoint": "ipc:///tmp/x"}),
        json.dumps(GOOD | {"endpoint": "tcp://127.0.0.1"}),
        json.dumps(GOOD | {"endpoint": 7}),
        json.dumps(GOOD | {"token": ""}),
        json.dumps(GOOD | {"pid": "1"}),
        json.dumps(GOOD | {"pid": -1}),
        json.dumps(GOOD | {"pid": True}),
        json.dumps(GOOD | {"curve": "yes"}),
        json.dumps(GOOD | {"curve": {"server_public": "x" * 40}}),
        json.dumps(
            GOOD | {"curve": dict.fromkeys(("server_public", "client_public", "client_secret"), "short")}
        ),
    ],
    ids=lambda content: content[:70],
)
def test_a_malformed_file_is_one_clear_line(path: Path, content: str) -> None:
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(BadConnectionFile) as refused:
        runtime.read_connection(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert GOOD["token"] not in str(refused.value)


def test_a_directory_where_others_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(BadConnectionFile, match="chmod 700"):
        runtime.prepare_directory(tmp_path / "daemon.json")
    tmp_path.chmod(0o1777)  # as /tmp: nobody can replace another's file
    runtime.prepare_directory(tmp_path / "daemon.json")


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConnectionFile, match="EVA_CONNECTION_FILE"):
        runtime.prepare_directory(tmp_path / "file" / "daemon.json")


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A connection file in a directory that this process, no longer root, may not write in."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "run" / "daemon.json"
        runtime.prepare_directory(path)
        runtime.write_connection(path, HERE)
        nobody = 65534
        root = os.geteuid() == 0
        if root:
            for there in (path.parent.parent, path.parent, path):
                os.chown(there, nobody, -1)
            os.seteuid(nobody)
        path.parent.chmod(0o500)
        try:
            yield path
        finally:
            path.parent.chmod(0o700)
            if root:
                os.seteuid(0)


def test_a_read_only_directory_is_one_clear_line_and_no_reason_not_to_end(read_only: Path) -> None:
    for act in (lambda: DaemonLock(read_only), lambda: runtime.write_connection(read_only, HERE)):
        with pytest.raises(BadConnectionFile, match=r"cannot be .*Permission denied.*EVA_CONNECTION_FILE"):
            act()
    runtime.remove_connection(read_only, HERE)
    assert runtime.read_connection(read_only).token == HERE.token  # it stays; its lock says whether it counts


def test_two_who_look_at_once_take_each_other_for_no_daemon(path: Path) -> None:
    """Else 'eva stop' might signal whatever process has the dead daemon's pid by now."""
    DaemonLock(path).release()
    with beside(path, "lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # as `is_abandoned` does for an instant
        assert runtime.is_abandoned(path)
        assert runtime.living_daemon(path) is None


def test_a_living_daemon_is_found_and_a_second_one_refused(path: Path) -> None:
    lock = DaemonLock(path)
    with pytest.raises(AlreadyRunning, match="starting") as refused:
        DaemonLock(path)
    assert refused.value.pid == os.getpid()
    runtime.write_connection(path, HERE)
    assert runtime.read_connection(path).endpoint == HERE.endpoint
    with pytest.raises(AlreadyRunning, match=r"tcp://127.0.0.1:40111.*eva stop"):
        DaemonLock(path)
    lock.release()


def test_another_users_lock_is_no_daemon(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could name any process of ours, and 'eva stop' would signal that one."""
    lock = DaemonLock(path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert runtime.living_daemon(path) is None
    with pytest.raises(BadConnectionFile, match=r"another user.*EVA_CONNECTION_FILE"):
        DaemonLock(path)
    lock.release()


@pytest.mark.parametrize("plant", [os.mkfifo, lambda place: place.symlink_to("other")])
def test_what_stands_in_the_locks_place_is_no_daemon(path: Path, plant: Callable[[Path], None]) -> None:
    other = path.with_name("other")
    other.write_text(f"{os.getpid()} here\n")
    plant(beside(path, "lock"))
    with other.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert runtime.living_daemon(path) is None


def test_a_file_without_its_daemon_is_stale_whoever_has_the_pid(path: Path) -> None:
    lock = DaemonLock(path)
    runtime.write_connection(path, HERE)
    lock.release()  # as the kernel does when the process dies; the pid in the file is alive: it is ours
    with pytest.raises(StaleDaemon, match=str(os.getpid())):
        runtime.read_connection(path)
    assert runtime.living_daemon(path) is None
    DaemonLock(path).release()


def test_a_lock_says_nothing_of_a_file_that_was_copied_from_another_machine(path: Path) -> None:
    DaemonLock(path).release()  # somebody once ran 'eva serve' here
    runtime.write_connection(path, replace(HERE, host="elsewhere"))
    assert runtime.read_connection(path).host == "elsewhere"
    runtime.write_connection(path, replace(HERE, host=""))  # then the lock is all there is to go by
    with pytest.raises(StaleDaemon):
        runtime.read_connection(path)


@pytest.mark.parametrize("text", [b"", b"4711", b"\xff\xff \xff"])
def test_a_lock_that_names_nobody_counts_all_the_same(path: Path, text: bytes) -> None:
    runtime.write_connection(path, HERE)
    beside(path, "lock").write_bytes(text)
    with pytest.raises(StaleDaemon):
        runtime.read_connection(path)
    assert runtime.living_daemon(path) is None


def test_a_killed_process_lets_go_of_the_lock(path: Path) -> None:
    program = "import sys, time; from pathlib import Path; from eva.runtime import DaemonLock; " + (
        "lock = DaemonLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    living = runtime.living_daemon(path)
    assert living is not None
    assert living[0] == process.pid
    with pytest.raises(AlreadyRunning):
        DaemonLock(path)
    process.kill()
    process.wait(10)
    process.stdout.close()
    assert runtime.living_daemon(path) is None
    DaemonLock(path).release()


def test_only_ones_own_file_is_removed(path: Path) -> None:
    mine = Connection.of_this_process("tcp://127.0.0.1:1", "mine", "m")
    other = Connection.of_this_process("tcp://127.0.0.1:2", "other", "m")
    runtime.write_connection(path, other)
    runtime.remove_connection(path, mine)
    assert path.exists()
    runtime.remove_connection(path, other)
    assert not path.exists()
    runtime.remove_connection(path, other)
