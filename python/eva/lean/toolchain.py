"""Which Lean speaks for a file.

The first of
1. `$EVA_LEAN`, a command (`lake env lean`, `/opt/lean/bin/lean`);
2. `lake env lean`, run in the nearest directory above the file that holds a Lake package, where `lake` is on
   PATH;
3. `lean` on PATH;
4. the WebAssembly Lean: `$EVA_LEAN_WASM`, else `.build/lean-wasm` in a checkout of this project.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eva.lean.errors import LeanCrashed, LeanNotFound, LeanTimeout

_PACKAGE_FILES = ("lakefile.lean", "lakefile.toml", "lean-toolchain")
_CHECKOUT = Path(__file__).resolve().parents[3]
REMEDY = (
    "install Lean (https://lean-lang.org/install), or set EVA_LEAN to the command that runs your Lean, or "
    "run `make lean` in a checkout of eva for the WebAssembly Lean and set EVA_LEAN_WASM to its "
    ".build/lean-wasm"
)


@dataclass(frozen=True)
class Toolchain:
    """A Lean that can be run.

    - `command`: the words that stand before Lean's own arguments.
    - `directory`: where to run it; `None`: the directory of the file.
    - `origin`: where it was found, in words.
    """

    command: tuple[str, ...]
    directory: Path | None
    origin: str

    def version(self, timeout: float = 60.0) -> str:
        """What `lean --version` says, one line. Raises `LeanNotFound`, `LeanTimeout` or `LeanCrashed`."""
        shown = shlex.join(self.command)
        try:
            done = subprocess.run(
                [*self.command, "--version"],
                cwd=self.directory,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except OSError as error:
            raise LeanNotFound(f"cannot run `{shown}` ({self.origin}): {error.strerror}; {REMEDY}") from error
        except subprocess.TimeoutExpired as error:
            raise LeanTimeout(
                f"`{shown} --version` ({self.origin}) did not answer within {timeout:g} s"
            ) from error
        if not done.stdout.startswith("Lean (version"):  # the WebAssembly build ends this with exit code 24
            said = (done.stderr.strip() or done.stdout.strip()).split("\n")[-1]
            raise LeanCrashed(
                f"`{shown} --version` ({self.origin}) ended with exit code {done.returncode}: {said}"
            )
        return done.stdout.strip().split("\n")[0]

    def describe(self) -> str:
        """One line for `eva doctor`: version, command and origin. Raises as `version` does."""
        return f"{self.version()}: `{shlex.join(self.command)}` ({self.origin})"


def find_toolchain(file: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Toolchain:
    """The Lean for `file` (for the working directory, where no file is given). Raises `LeanNotFound`."""
    env = os.environ if environ is None else environ
    if command := env.get("EVA_LEAN", "").strip():
        return Toolchain(_words(command), None, "$EVA_LEAN")
    path = env.get("PATH")
    package = _package_of(Path.cwd() if file is None else file.resolve().parent)
    lake = shutil.which("lake", path=path)
    if lake and package:
        return Toolchain((lake, "env", "lean"), package, f"Lake package {package}")
    if lean := shutil.which("lean", path=path):
        return Toolchain((lean,), None, "lean on PATH")
    wasm = Path(env.get("EVA_LEAN_WASM") or _CHECKOUT / ".build" / "lean-wasm")
    if (launcher := wasm / "bin" / "lean").is_file():
        return Toolchain((str(launcher),), None, f"WebAssembly Lean in {wasm}")
    if env.get("EVA_LEAN_WASM"):
        raise LeanNotFound(
            f"EVA_LEAN_WASM names {wasm}, where there is no bin/lean; run `make lean` in a checkout of eva"
        )
    raise LeanNotFound(f"no Lean to run for {file or 'this directory'}: {REMEDY}")


def _words(command: str) -> tuple[str, ...]:
    """The words of `$EVA_LEAN`. On Windows backslashes are parts of paths, and shlex leaves the quotes."""
    windows = os.name == "nt"
    try:
        words = shlex.split(command, posix=not windows)
    except ValueError as error:
        raise LeanNotFound(
            f"EVA_LEAN is not a command: {command} ({error}); set it to the command that runs your Lean"
        ) from error
    return tuple(word.strip('"') for word in words) if windows else tuple(words)


def _package_of(directory: Path) -> Path | None:
    for above in (directory, *directory.parents):
        if any((above / name).is_file() for name in _PACKAGE_FILES):
            return above
    return None
