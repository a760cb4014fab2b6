"""What `eva doctor` looks at. No check imports torch, transformers or lean-dojo: metadata tell enough."""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import eva

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "eva-lean"
PACKAGES = ("torch", "transformers", "safetensors", "llguidance", "pyzmq", "typer", "rich", "lean-dojo")
OLDEST_PYTHON = (3, 10)
EMBEDDED_MODEL = Path(eva.__file__).parent / "model" / "leibniz-nano"
MODEL_FILES = ("config.json", "eva.json", "model.safetensors", "tokenizer.json")
HEALTH_SECONDS = 5.0


@dataclass(frozen=True)
class Check:
    """One line of the doctor's report; `remedy` is empty where none is needed."""

    name: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def all_checks() -> Iterator[Check]:
    """All checks, one after the other; the slow ones (Lean, the daemon) come last."""
    yield python()
    yield installation()
    wanted = _requirements()
    for name in PACKAGES:
        if name in wanted or not wanted:  # this Python may go without one
            yield package(name, wanted.get(name))
    yield git()
    yield embedded_model(EMBEDDED_MODEL)
    yield lean()
    yield daemon()


def python() -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info >= OLDEST_PYTHON:
        return Check("Python", "ok", found)
    return Check("Python", "fail", found, "eva needs Python {}.{} or newer".format(*OLDEST_PYTHON))


def installation() -> Check:
    place = Path(eva.__file__).parent
    try:
        version(DISTRIBUTION)
    except PackageNotFoundError:
        detail = f"{eva.__version__}, run from {place} without being installed"
        return Check(
            "eva", "warn", detail, "pip install -e . in the checkout, for the 'eva' command everywhere"
        )
    return Check("eva", "ok", f"{eva.__version__} ({place})")


def package(name: str, wanted: Requirement | None) -> Check:
    """Whether the distribution `name` is installed, in a version that eva's own metadata ask for."""
    remedy = f"pip install '{wanted or name}'"
    try:
        found = version(name)
    except PackageNotFoundError:
        return Check(name, "fail", "not installed", remedy)
    if wanted is not None and not wanted.specifier.contains(found, prereleases=True):
        return Check(name, "fail", f"{found}, which eva does not work with ({wanted.specifier})", remedy)
    return Check(name, "ok", found)


def git() -> Check:
    if place := shutil.which("git"):
        return Check("git", "ok", place)
    return Check("git", "warn", "not on PATH", "install git: tracing repositories with lean-dojo needs it")


def embedded_model(directory: Path) -> Check:
    """Whether the files of the model that comes with eva are all there, and which weights they are."""
    name = "embedded model"
    missing = [file for file in MODEL_FILES if not (directory / file).is_file()]
    if missing:
        return Check(name, "fail", f"{', '.join(missing)} missing in {directory}", "install eva again")
    weights = (directory / "model.safetensors").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    return Check(name, "ok", f"{directory.name}, {len(weights) / 1e6:.1f} MB, sha256 {digest[:12]}")


def lean() -> Check:
    from eva.lean.errors import LeanError
    from eva.lean.toolchain import REMEDY, find_toolchain

    try:
        return Check("Lean", "ok", find_toolchain().describe())
    except LeanError as error:
        what = str(error).removesuffix(REMEDY).rstrip(":; ")
        return Check("Lean", "warn", f"{what}; without it, only steps.jsonl can be scored", REMEDY)


def daemon() -> Check:
    """Whether the daemon of this user answers, and is of this version."""
    try:
        from eva.client import Client
    except ModuleNotFoundError:
        return Check("daemon", "warn", "cannot be asked: pyzmq is missing", "pip install pyzmq")
    from eva.runtime import DaemonError, DaemonMissing, StaleDaemon

    try:
        with Client(timeout=HEALTH_SECONDS) as client:
            health = client.health()
    except (DaemonMissing, StaleDaemon) as error:
        return Check("daemon", "warn", error.what, error.remedy)
    except DaemonError as error:
        return Check("daemon", "fail", error.what, error.remedy)
    state = f"{health.model}, pid {health.pid}, {health.state}, {health.queued_steps} steps waiting"
    if health.version != eva.__version__:
        detail = f"{state}; it is eva {health.version}, this is {eva.__version__}"
        return Check("daemon", "warn", detail, "eva stop, then eva serve --detach")
    return Check("daemon", "ok", state)


def _requirements() -> dict[str, Requirement]:
    """What eva's metadata ask for on this Python, by distribution; empty without eva's or `packaging`."""
    try:
        from packaging.requirements import Requirement

        found = [Requirement(line) for line in requires(DISTRIBUTION) or ()]
    except (ImportError, PackageNotFoundError):
        return {}
    return {
        wanted.name: wanted for wanted in found if not wanted.marker or wanted.marker.evaluate({"extra": ""})
    }
