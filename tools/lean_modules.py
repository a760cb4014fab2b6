"""Lean modules of this project under the WebAssembly Lean: elaborated, compiled and run, in the order of
their imports.

That build can run user-written code only with the shim (`lean-wasm/shim/`), so each module is compiled as a
copy with another header; line numbers stay. What the copy hides: errors of phase (`meta`) and visibility,
because in it everything is `meta` and public.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHIM = HERE / "lean-wasm" / "shim"
OPTIONS = (
    "-Dcompiler.checkMeta=false",
    "-Dbackward.privateInPublic=true",
    "-Dbackward.privateInPublic.warn=false",
    "-Dcompiler.extract_closed=false",  # closed terms would be looked up in modules that do not hold them
    "-DElab.async=false",
    "-DmaxErrors=1000000",
)
SECONDS = 300

_IMPORT = re.compile(r"(?:public\s+)?(?:meta\s+)?import\s+(?:all\s+)?(?P<name>[\w.«»]+)")
_INCLUDE = re.compile(r'include_str\s+"(?P<path>[^"\n]+)"')
_PRIVATE = re.compile(r"^(\s*(?:@\[[^\]]*\]\s*)?)private\s+", re.MULTILINE)


@dataclass(frozen=True)
class Module:
    """A module's name, its source and where the source stands; `inputs` are bytes that its code reads while
    it runs."""

    name: str
    path: Path
    text: str
    inputs: bytes = b""

    @property
    def imports(self) -> list[str]:
        return imported_names(self.text)

    @property
    def included(self) -> list[Path]:
        """The files that `include_str` reads; Lean looks for them where the source stands."""
        return [self.path.parent / match["path"] for match in _INCLUDE.finditer(self.text)]


@dataclass(frozen=True)
class Message:
    severity: str
    line: int
    column: int
    text: str


@dataclass
class Outcome:
    """What Lean said about a module; `unchanged`: it said so in an earlier run, and nothing has changed
    since."""

    module: Module
    messages: list[Message] = field(default_factory=list)
    seconds: float = 0.0
    unchanged: bool = False

    @property
    def errors(self) -> list[Message]:
        return [message for message in self.messages if message.severity == "error"]

    @property
    def warnings(self) -> list[Message]:
        return [message for message in self.messages if message.severity == "warning"]


def find_modules(root: Path, library: str, inputs: bytes = b"") -> dict[str, Module]:
    """The modules of a library (`Eva`, `Eva.…`) under a source directory, by name."""
    found = {}
    for path in [*root.glob(f"{library}.lean"), *sorted((root / library).rglob("*.lean"))]:
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        found[name] = Module(name, path, path.read_text(encoding="utf-8"), inputs)
    return found


def in_import_order(modules: dict[str, Module]) -> list[Module]:
    """Every module after those that it imports. Raises `ValueError` for a circle."""
    done: dict[str, Module] = {}
    path: list[str] = []

    def visit(name: str) -> None:
        if name in done or name not in modules:
            return
        if name in path:
            raise ValueError(f"modules import each other in a circle: {' → '.join([*path, name])}")
        path.append(name)
        for imported in modules[name].imports:
            visit(imported)
        path.pop()
        done[name] = modules[name]

    for name in modules:
        visit(name)
    return list(done.values())


def for_shim(text: str) -> str:
    """A module's source as the shim needs it, each line at its place."""
    header, body = shim_header(text)
    body = _PRIVATE.sub(r"\1", body)
    return f"{header} {body}\n#lean_shim_end\n"


def imported_names(text: str) -> list[str]:
    """The modules that a source imports."""
    return [match["name"] for match in _header(text)[1]]


def shim_header(text: str, also: Iterable[str] = ()) -> tuple[str, str]:
    """A source's header as the shim needs it, with as many lines as it had, and what follows it.

    `also`: modules to import besides.
    """
    start, imports, end = _header(text)
    names = dict.fromkeys([*(match["name"] for match in imports), *also])
    header = " ".join(f"public import {name} public meta import {name}" for name in names)
    line_ends = "\n" * text.count("\n", start, end)
    return (
        f"{text[:start]}module {header} public meta import LeanShim @[expose] public meta section{line_ends}",
        text[end:],
    )


def _header(text: str) -> tuple[int, list[re.Match[str]], int]:
    """Where a file's header starts, its imports, and where it ends."""
    start = end = _skip_blank(text, 0)
    if keyword := re.compile(r"module\b").match(text, end):
        end = keyword.end()
    imports = []
    while match := _IMPORT.match(text, _skip_blank(text, end)):
        imports.append(match)
        end = match.end()
    return start, imports, end


def _skip_blank(text: str, at: int) -> int:
    """The next place that is neither white space nor a comment (a doc comment is code)."""
    while True:
        at += len(text) - at - len(text[at:].lstrip())
        if text.startswith("--", at):
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
        elif text.startswith("/-", at) and not text.startswith(("/--", "/-!"), at):
            depth = 0
            for mark in re.compile(r"/-|-/").finditer(text, at):
                depth += 1 if mark[0] == "/-" else -1
                if depth == 0:
                    at = mark.end()
                    break
            else:
                return len(text)
        else:
            return at


class WasmLean:
    """Compiles modules into `build`; what is there from earlier runs is used where nothing it depends on has
    changed.

    - `lean`: the launcher, `home/bin/lean`.
    - `build`: the compiled modules, and beside each what Lean said and the hash of all that it depended on.
    - `directory`: where code that runs finds its files.
    """

    def __init__(self, lean: Path, build: Path, directory: Path) -> None:
        self.lean, self.build, self.directory = lean, build, directory
        self.keys: dict[str, str] = {}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Only one run at a time writes into a build directory; another one waits for it."""
        self.build.mkdir(parents=True, exist_ok=True)
        with (self.build / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for another run in {self.build}", file=sys.stderr, flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prepare(self) -> None:
        """Compile the shim, once for each Lean. Raises `RuntimeError` where that fails."""
        tried = self.lean.parent.parent / ".tried"
        self.base = _hash([tried.read_bytes() if tried.is_file() else b"", repr(OPTIONS).encode()])
        for name in ("LeanShimBoot", "LeanShim"):
            path = SHIM / f"{name}.lean"
            module = Module(name, path, path.read_text(encoding="utf-8"))
            outcome = self._compile(module, module.text)
            if outcome.errors:
                raise RuntimeError(f"{path} does not compile: {outcome.errors[0].text}")
        self.base = _hash(
            [self.base.encode(), self.keys["LeanShim"].encode(), self.keys["LeanShimBoot"].encode()]
        )

    def check(self, module: Module) -> Outcome:
        """Elaborate, compile and run one module; those that it imports must have been checked before."""
        # The copy stands elsewhere, so it names included files by their whole paths.
        text = _INCLUDE.sub(
            lambda match: f"include_str {json.dumps(str((module.path.parent / match['path']).resolve()))}",
            for_shim(module.text),
        )
        return self._compile(module, text)

    def _compile(self, module: Module, text: str) -> Outcome:
        imported = [self.keys.get(name, "") for name in module.imports]
        included = [path.read_bytes() if path.is_file() else b"" for path in module.included]
        key = _hash(
            [self.base.encode(), text.encode(), module.inputs, *included, *(k.encode() for k in imported)]
        )
        self.keys[module.name] = key
        place = self.build.joinpath(*module.name.split("."))
        record = place.with_name(f"{place.name}.json")
        if record.is_file():
            known = json.loads(record.read_text(encoding="utf-8"))
            if known["key"] == key:
                return Outcome(module, [Message(**message) for message in known["messages"]], unchanged=True)
        began = time.monotonic()
        for suffix in (".json", ".olean"):
            place.with_name(place.name + suffix).unlink(missing_ok=True)
        messages = self._run(module, text, place)
        record.write_text(json.dumps({"key": key, "messages": [vars(m) for m in messages]}), encoding="utf-8")
        return Outcome(module, messages, time.monotonic() - began)

    def _run(self, module: Module, text: str, place: Path) -> list[Message]:
        source = self.build / "source" / f"{module.name}.lean"
        source.parent.mkdir(parents=True, exist_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text, encoding="utf-8")
        olean = place.with_name(f"{place.name}.olean")
        command = [str(self.lean), *OPTIONS, "--json", "-o", str(olean), str(source)]
        try:
            done = subprocess.run(
                command,
                cwd=self.directory,
                env={**os.environ, "LEAN_PATH": str(self.build)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [Message("error", 1, 0, f"not done after {SECONDS} s")]
        messages = list(_messages(done.stdout.decode("utf-8", "replace")))
        # Private and server parts, and IR on its own, belong to builds that can load them.
        for suffix in (".olean.private", ".olean.server", ".ir"):
            place.with_name(place.name + suffix).unlink(missing_ok=True)
        if not any(message.severity == "error" for message in messages) and not olean.is_file():
            said = done.stderr.decode("utf-8", "replace").strip()[-300:]
            messages.append(Message("error", 1, 0, f"Lean ended with exit code {done.returncode}: {said}"))
        return messages


def _messages(output: str) -> Iterable[Message]:
    for line in output.splitlines():
        try:
            data = json.loads(line)
            position = data["pos"]
            # a panic (an index out of bounds, say) does not stop Lean: it goes on with a default value
            severity = "error" if data["data"].startswith("PANIC at") else data["severity"]
            yield Message(severity, position["line"], position["column"], data["data"])
        except (ValueError, TypeError, KeyError):
            if line.strip():
                yield Message("error", 1, 0, f"not a message: {line}")


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
