"""Where the daemon is: the connection file of `docs/protocol.md`, and the lock that says whether it lives.

The daemon holds an exclusive lock on `<connection file>.lock` for as long as it lives; the kernel lets go of
it when the process dies, however it dies. So a connection file whose lock is free is *stale*, whatever
process has its pid by now. A file without a lock beside it, or with one that a daemon of another host left
there, was copied here: only connecting tells.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE_VERSION = 1
_ENDPOINT = re.compile(r"tcp://(\[[0-9a-fA-F:.%]+\]|[^:/\[\]\s]+):[0-9]{1,5}")
_MAX_FILE = 64 * 1024
_ELSEWHERE = "make room there, or set EVA_CONNECTION_FILE to a local file that you may write"


class DaemonError(Exception):
    """The daemon cannot be spoken to. One line: what is wrong, then (`remedy`) what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy


class DaemonMissing(DaemonError):
    """No daemon was started (or it was stopped in good order)."""


class StaleDaemon(DaemonError):
    """There is a connection file, but its daemon is gone."""


class BadConnectionFile(DaemonError):
    """The connection file is malformed, or others could have read or written it."""


class AlreadyRunning(DaemonError):
    """Another daemon holds the connection file. `pid` is its process, where known."""

    def __init__(self, what: str, remedy: str, pid: int | None) -> None:
        super().__init__(what, remedy)
        self.pid = pid


@dataclass(frozen=True, slots=True)
class CurveKeys:
    """What a client needs for CURVE, in Z85 (40 characters each)."""

    server_public: str
    client_public: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one daemon. `path` is the file that it was read from, `None` where it was made by hand."""

    endpoint: str
    token: str = field(repr=False)
    pid: int
    model: str
    started: str = ""
    host: str = ""
    curve: CurveKeys | None = None
    path: Path | None = None

    @classmethod
    def of_this_process(
        cls, endpoint: str, token: str, model: str, curve: CurveKeys | None = None
    ) -> Connection:
        """The connection that a daemon in this process offers, from now on."""
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return cls(endpoint, token, os.getpid(), model, started, socket.gethostname(), curve)

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"eva": FILE_VERSION}
        out |= {key: getattr(self, key) for key in ("endpoint", "token", "pid", "model", "started", "host")}
        if self.curve is not None:
            keys = ("server_public", "client_public", "client_secret")
            out["curve"] = {key: getattr(self.curve, key) for key in keys}
        return out

    @property
    def who(self) -> str:
        """The daemon in words: `pid 4711, leibniz-nano at tcp://127.0.0.1:40111`."""
        return f"pid {self.pid}, {self.model} at {self.endpoint}"


def connection_path() -> Path:
    """Where the connection file is on this machine, by the rule of `docs/protocol.md`."""
    if named := os.environ.get("EVA_CONNECTION_FILE"):
        return Path(named)
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "eva" / "daemon.json"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "eva" / "daemon.json"
    return Path.home() / ".cache" / "eva" / "daemon.json"


def beside(path: Path, what: str) -> Path:
    """The daemon's other files: `lock` and `log`, next to its connection file."""
    return path.with_name(f"{path.name}.{what}")


def prepare_directory(path: Path) -> None:
    """Make the directory of `path`, for this user alone. Raises `BadConnectionFile`."""
    directory = path.parent
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform == "win32":
            return
        info = directory.stat()
        if directory.name == "eva" and info.st_uid == os.geteuid():
            directory.chmod(0o700)
            return
    except OSError as error:
        raise BadConnectionFile(
            f"{directory} cannot be used: {error.strerror}", "set EVA_CONNECTION_FILE to a file you may write"
        ) from None
    writable = info.st_mode & 0o022 and not info.st_mode & stat.S_ISVTX
    if writable or info.st_uid not in (os.geteuid(), 0):
        raise BadConnectionFile(
            f"others may write in {directory}", f"chmod 700 {directory}, or set EVA_CONNECTION_FILE elsewhere"
        )


def write_connection(path: Path, connection: Connection) -> None:
    """Write the file at once and whole, readable by this user alone. Raises `BadConnectionFile`."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
                json.dump(connection.to_json(), file)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:  # a full disk, say
        raise BadConnectionFile(f"{path} cannot be written ({error.strerror})", _ELSEWHERE) from None


def read_connection(path: Path | None = None) -> Connection:
    """The daemon's connection. Raises `DaemonMissing`, `StaleDaemon` or `BadConnectionFile`."""
    path = path or connection_path()
    connection = _parse(path, _read_private(path))
    if is_abandoned(path, connection.host):
        raise StaleDaemon(
            f"the daemon of {path} (pid {connection.pid}) is gone",
            "start a new one with 'eva serve --detach'",
        )
    return connection


def remove_connection(path: Path, connection: Connection) -> None:
    """Remove the connection file if it is still that of `connection`.

    Where it cannot be removed it stays: without its lock it is stale.
    """
    try:
        there = _parse(path, _read_private(path))
    except DaemonError:
        return
    if there.token == connection.token:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def is_abandoned(path: Path, host: str = "") -> bool:
    """Whether the lock beside `path` is there and free: its daemon is gone.

    - `host`: the one that the connection file names. A lock that another host's daemon left is no word on it.
    """
    try:
        descriptor = os.open(beside(path, "lock"), _PROBE)
    except OSError:
        return False
    try:
        holder = _holder(descriptor)
        if host and holder and holder[1] != host:
            return False
        # shared: two who look at once must not take each other for a daemon
        return _try_lock(descriptor, shared=True)
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)


class DaemonLock:
    """The right to be the daemon of one connection file, until `release` or the end of this process."""

    PATIENCE_S = 0.5  # a client that looks whether we live holds the lock for an instant

    def __init__(self, path: Path) -> None:
        """Raises `AlreadyRunning`, saying who is there, or `BadConnectionFile`."""
        lock = beside(path, "lock")
        try:
            self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            try:
                self._take(path)
            except BaseException:
                self.release()
                raise
        except OSError as error:
            raise BadConnectionFile(f"{lock} cannot be locked ({error.strerror})", _ELSEWHERE) from None

    def _take(self, path: Path) -> None:
        if not _is_mine(self._descriptor):
            raise BadConnectionFile(f"{beside(path, 'lock')} belongs to another user", _ELSEWHERE)
        patience = time.monotonic() + self.PATIENCE_S
        while not _try_lock(self._descriptor):
            if time.monotonic() > patience:
                raise _already_running(path)
            time.sleep(0.05)
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode())

    def release(self) -> None:
        os.close(self._descriptor)


def living_daemon(path: Path) -> tuple[int, str] | None:
    """Process and host of the daemon that holds the lock beside `path` (it may still be loading), if any.

    Another user's lock is nobody's: where both may write (in /tmp, say) it could name any process of ours.
    """
    try:
        descriptor = os.open(beside(path, "lock"), _PROBE)
        try:
            holder = _holder(descriptor) if _is_mine(descriptor) else None
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return None if is_abandoned(path) else holder


def _holder(descriptor: int) -> tuple[int, str] | None:
    """Process and host that took the lock last, if it says so."""
    try:
        pid, host = os.read(descriptor, _MAX_FILE).decode("utf-8").split()
        return int(pid), host
    except ValueError:
        return None


def _is_mine(descriptor: int) -> bool:
    return sys.platform == "win32" or os.fstat(descriptor).st_uid == os.geteuid()


def _already_running(path: Path) -> AlreadyRunning:
    pid, host = living_daemon(path) or (None, "")
    elsewhere = f" on {host}" if host not in ("", socket.gethostname()) else ""
    try:
        who = _parse(path, _read_private(path)).who
    except DaemonError:
        return AlreadyRunning(
            f"a daemon{elsewhere} is starting or stopping (pid {pid})", "see 'eva status'", pid
        )
    return AlreadyRunning(
        f"a daemon runs already{elsewhere} ({who})", "use it, or end it with 'eva stop'", pid
    )


if sys.platform == "win32":
    import msvcrt

    _PROBE = os.O_RDWR

    def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
        """Windows locks bytes for one alone: `shared` is no different."""
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # past the text, which stays readable
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    _PROBE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # links and pipes are no locks of ours

    def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _read_private(path: Path) -> bytes:
    """The bytes of a file that nobody else could read or write."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise DaemonMissing(f"no daemon runs (no {path})", "start one with 'eva serve --detach'") from None
    except OSError as error:
        why = "is a symbolic link" if path.is_symlink() else f"cannot be read ({error.strerror})"
        raise _refused(path, why) from None
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise _refused(path, "is not a regular file")
        if sys.platform != "win32":
            if info.st_uid != os.geteuid():
                raise _refused(path, f"belongs to another user (uid {info.st_uid})")
            if info.st_mode & 0o077:
                raise _refused(path, f"can be read by others (mode {info.st_mode & 0o777:04o})")
        return os.read(descriptor, _MAX_FILE)
    finally:
        os.close(descriptor)


def _refused(path: Path, why: str) -> BadConnectionFile:
    return BadConnectionFile(f"{path} {why}", "stop the daemon, remove that file and start the daemon again")


def _parse(path: Path, raw: bytes) -> Connection:
    try:
        data = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _refused(path, "is not JSON") from None
    if not isinstance(data, dict):
        raise _refused(path, "is not a JSON object")
    if data.get("eva") != FILE_VERSION:
        raise _refused(path, f"is of version {data.get('eva')!r}, not {FILE_VERSION}")
    endpoint = _string(path, data, "endpoint")
    if not _ENDPOINT.fullmatch(endpoint):
        raise _refused(path, "has no usable 'endpoint' (tcp://host:port)")
    pid = data.get("pid")
    if isinstance(pid, bool) or not isinstance(pid, int) or pid < 1:
        raise _refused(path, "has no usable 'pid'")
    curve = data.get("curve")
    return Connection(
        endpoint=endpoint,
        token=_string(path, data, "token"),
        pid=pid,
        model=_string(path, data, "model"),
        started=str(data.get("started", "")),
        host=str(data.get("host", "")),
        curve=None if curve is None else _curve(path, curve),
        path=path,
    )


def _curve(path: Path, data: object) -> CurveKeys:
    if not isinstance(data, dict):
        raise _refused(path, "has no usable 'curve'")
    keys = {key: _string(path, data, key) for key in ("server_public", "client_public", "client_secret")}
    if any(len(key) != 40 for key in keys.values()):
        raise _refused(path, "has a 'curve' key that is not 40 characters of Z85")
    return CurveKeys(**keys)


def _string(path: Path, data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise _refused(path, f"has no usable '{key}'")
    return value
