"""Which Lean is chosen, and what is said where there is none. The commands here are scripts that only say
their name."""

from __future__ import annotations

from pathlib import Path

import pytest

import eva.lean.toolchain
from eva.lean import LeanCrashed, LeanNotFound, LeanTimeout, Toolchain, find_toolchain


def command(path: Path, text: str = "echo 'Lean (version 4.99.0)'") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(eva.lean.toolchain, "_CHECKOUT", tmp_path / "nowhere")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A file in a Lake package."""
    (tmp_path / "package" / "Sub").mkdir(parents=True)
    (tmp_path / "package" / "lakefile.toml").touch()
    file = tmp_path / "package" / "Sub" / "A.lean"
    file.touch()
    return file


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """A file outside of any package."""
    file = tmp_path / "loose" / "A.lean"
    file.parent.mkdir()
    file.touch()
    return file


def test_the_variable_wins(tmp_path: Path, package: Path) -> None:
    command(tmp_path / "bin" / "lake")
    found = find_toolchain(package, environ={"PATH": str(tmp_path / "bin"), "EVA_LEAN": "my 'own lean' --x"})
    assert found == Toolchain(("my", "own lean", "--x"), None, "$EVA_LEAN")


def test_a_variable_that_is_no_command_is_named(package: Path) -> None:
    with pytest.raises(LeanNotFound, match=r"EVA_LEAN is not a command: 'my lean --x .* set it to"):
        find_toolchain(package, environ={"PATH": "", "EVA_LEAN": "'my lean --x"})


def test_lake_speaks_for_the_files_of_its_package(tmp_path: Path, package: Path) -> None:
    lake = command(tmp_path / "bin" / "lake")
    command(tmp_path / "bin" / "lean")
    found = find_toolchain(package, environ={"PATH": str(tmp_path / "bin")})
    assert found.command == (str(lake), "env", "lean")
    assert found.directory == package.parent.parent


def test_the_nearest_package_counts(tmp_path: Path, package: Path) -> None:
    command(tmp_path / "bin" / "lake")
    (package.parent / "lakefile.lean").touch()
    found = find_toolchain(package, environ={"PATH": str(tmp_path / "bin")})
    assert found.directory == package.parent


def test_outside_of_packages_lean_itself_is_run(tmp_path: Path, loose: Path) -> None:
    command(tmp_path / "bin" / "lake")
    lean = command(tmp_path / "bin" / "lean")
    found = find_toolchain(loose, environ={"PATH": str(tmp_path / "bin")})
    assert (found.command, found.directory) == ((str(lean),), None)


def test_without_lake_the_package_is_no_reason_to_give_up(tmp_path: Path, package: Path) -> None:
    lean = command(tmp_path / "bin" / "lean")
    assert find_toolchain(package, environ={"PATH": str(tmp_path / "bin")}).command == (str(lean),)


def test_the_webassembly_lean_comes_last(
    tmp_path: Path, loose: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eva.lean.toolchain, "_CHECKOUT", tmp_path)
    wasm = command(tmp_path / ".build" / "lean-wasm" / "bin" / "lean")
    assert find_toolchain(loose, environ={"PATH": ""}).command == (str(wasm),)
    other = command(tmp_path / "other" / "bin" / "lean")
    environ = {"PATH": "", "EVA_LEAN_WASM": str(tmp_path / "other")}
    assert find_toolchain(loose, environ=environ).command == (str(other),)
    native = command(tmp_path / "bin" / "lean")
    assert find_toolchain(loose, environ={**environ, "PATH": str(tmp_path / "bin")}).command == (str(native),)


def test_no_lean_says_how_to_get_one(loose: Path) -> None:
    with pytest.raises(LeanNotFound, match=r"A\.lean: install Lean \(https.*make lean.*EVA_LEAN"):
        find_toolchain(loose, environ={"PATH": ""})


def test_a_directory_without_lean_is_named(tmp_path: Path, loose: Path) -> None:
    with pytest.raises(LeanNotFound, match=r"EVA_LEAN_WASM names .*/empty"):
        find_toolchain(loose, environ={"PATH": "", "EVA_LEAN_WASM": str(tmp_path / "empty")})


def test_description(tmp_path: Path) -> None:
    lean = command(tmp_path / "lean")
    assert Toolchain((str(lean),), None, "a test").describe() == f"Lean (version 4.99.0): `{lean}` (a test)"


def test_a_version_that_does_not_come(tmp_path: Path) -> None:
    broken = command(tmp_path / "broken", "echo 'no such toolchain' >&2; exit 1")
    with pytest.raises(LeanCrashed, match=r"exit code 1: no such toolchain"):
        Toolchain((str(broken),), None, "a test").version()
    slow = command(tmp_path / "slow", "exec sleep 60")
    with pytest.raises(LeanTimeout, match=r"did not answer within 0\.2 s"):
        Toolchain((str(slow),), None, "a test").version(timeout=0.2)
    with pytest.raises(LeanNotFound, match=r"cannot run .*/none"):
        Toolchain((str(tmp_path / "none"),), None, "a test").version()
