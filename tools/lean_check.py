#!/usr/bin/env python3
"""Checks the Lean package: every module under lean/ and every test under tests/lean/EvaTest/ is elaborated,
compiled and run.

With `lake` on PATH: `lake build` and `lake test`. Without: the WebAssembly Lean in .build/lean-wasm, which
has no Lake and hides errors of phase and visibility (tools/lean_modules.py). There it also proves itself:
errors that are planted into a copy of a module must all be reported, or the check fails.

Exit codes: 0 all is well, 1 errors (or a planted one was not seen), 2 no Lean to check with.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from lean_modules import Module, Outcome, WasmLean, find_modules, in_import_order

ROOT = Path(__file__).resolve().parents[1]
LAKE_SECONDS = 1800
AT_ONCE = 2  # processes of the WebAssembly Lean, 2 GB each
LONGEST = 800  # characters of a message; a syntax error can list a hundred tokens

# What stands in the planted file, and what is wrong with it. Each must be reported at its own line.
PLANTS = (
    ("an unknown name", "def planted1 : Nat := noSuchName"),
    ("a wrong type", 'def planted2 : Nat := "text"'),
    ("a wrong field", "def planted3 (step : Eva.ProofStep) : String := step.tactik"),
    ("a wrong proof", "theorem planted4 : 1 + 1 = 3 := by decide"),
    ("a guard that fails", "#guard Eva.Protocol.version == 0"),
    ("code that throws", '#eval (throw <| IO.userError "planted" : IO Unit)'),
    (
        "a linter that reports a wrong step",
        "/-- info: eva 0.04 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5) -/ #guard_msgs in "
        "set_option eva.critique false in #eva_score example : True := by trivial",  # it is 0.07
    ),
    ("a linter that reports what nobody asked for", "#guard_msgs in example : True := by eva_score trivial"),
    ("a syntax error", "def planted9 : Nat := (1 +"),
)
PLANT_INTO = "EvaTest.Command"
PLANTED = "Planted"  # the copy


def main() -> int:
    if lake := shutil.which("lake"):
        return native(lake)
    home = Path(os.environ.get("EVA_LEAN_WASM") or ROOT / ".build" / "lean-wasm")
    lean = home / "bin" / "lean"
    if not lean.is_file():
        print(
            f"lean-check: no lake on PATH and no WebAssembly Lean in {home}; install Lean, or run "
            f"tools/lean-wasm/install.py {home}",
            file=sys.stderr,
        )
        return 2
    return wasm(lean)


def native(lake: str) -> int:
    for command in ("build", "test"):
        print(f"lean-check: lake {command}", flush=True)
        try:
            code = subprocess.run([lake, command], cwd=ROOT, timeout=LAKE_SECONDS, check=False).returncode
        except subprocess.TimeoutExpired:
            print(f"lean-check: lake {command} was not done after {LAKE_SECONDS} s", file=sys.stderr)
            return 1
        if code != 0:
            print(f"lean-check: lake {command} failed (exit code {code})", file=sys.stderr)
            return 1
    print("lean-check: all well (native Lean)")
    return 0


def package() -> tuple[dict[str, Module], dict[str, Module]]:
    """The modules of the library, and those of its tests, which read the vectors while they run."""
    vectors = b"".join(path.read_bytes() for path in sorted((ROOT / "tests" / "vectors").rglob("*.json")))
    return find_modules(ROOT / "lean", "Eva"), find_modules(ROOT / "tests" / "lean", "EvaTest", vectors)


def wasm(lean: Path) -> int:
    library, tests = package()
    build = WasmLean(lean, ROOT / ".build" / "lean-check", ROOT)
    with build.locked():
        return check_all(build, library, tests)


def check_all(build: WasmLean, library: dict[str, Module], tests: dict[str, Module]) -> int:
    build.prepare()
    errors, unseen = 0, len(PLANTS)
    broken: set[str] = set()
    planted = with_plants(tests[PLANT_INTO])
    for module, outcome in checked(build, longest_way_first(library | tests | {PLANTED: planted})):
        if module is planted:
            if outcome is not None:
                unseen = count_unseen(planted, outcome)
            continue
        if outcome is None:
            print(f"  {module.name}: not tried, a module that it imports has errors", flush=True)
        else:
            report(outcome)
            errors += len(outcome.errors)
        if outcome is None or outcome.errors:
            broken.add(module.name)
    print(
        f"lean-check: {len(library)} modules and {len(tests)} test files, {errors} errors, "
        f"{len(PLANTS) - unseen} of {len(PLANTS)} planted errors seen (WebAssembly Lean)"
    )
    return 1 if errors or broken or unseen else 0


def longest_way_first(modules: dict[str, Module]) -> list[Module]:
    """The modules in the order of their imports, first those with the most still to come behind them."""
    ways = dict.fromkeys(modules, 1)
    for module in reversed(in_import_order(modules)):
        for name in module.imports:
            if name in ways:
                ways[name] = max(ways[name], 1 + ways[module.name])
    return sorted(modules.values(), key=lambda module: -ways[module.name])


def checked(build: WasmLean, modules: list[Module]) -> Iterator[tuple[Module, Outcome | None]]:
    """What was found in each module, as soon as it is; `None` where one that it imports has errors.

    `modules` in the order of their imports. Whenever there is room, the first of those is begun whose own
    imports are all done.
    """
    names = {module.name for module in modules}
    sound: dict[str, bool] = {}
    waiting = list(modules)
    running: dict[Future[Outcome], Module] = {}
    with ThreadPoolExecutor(AT_ONCE) as workers:
        while waiting or running:
            later = []
            for module in waiting:
                known = [sound.get(name) for name in module.imports if name in names]
                if False in known:
                    sound[module.name] = False
                    yield module, None
                elif None in known or len(running) == AT_ONCE:
                    later.append(module)
                else:
                    running[workers.submit(build.check, module)] = module
            waiting = later
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                module, outcome = running.pop(future), future.result()
                sound[module.name] = not outcome.errors
                yield module, outcome


def with_plants(module: Module) -> Module:
    """A copy of a module, the planted errors at its end."""
    return Module(PLANTED, module.path, module.text + "\n".join(code for _, code in PLANTS) + "\n")


def count_unseen(planted: Module, outcome: Outcome) -> int:
    """How many of the planted errors were not reported; says which."""
    first = planted.text.count("\n") - len(PLANTS) + 1
    seen = {message.line for message in outcome.errors}
    unseen = [what for line, (what, _) in enumerate(PLANTS, first) if line not in seen]
    for what in unseen:
        print(f"  planted error not seen: {what}")
    return len(unseen)


def report(outcome: Outcome) -> None:
    module = outcome.module
    spent = "unchanged" if outcome.unchanged else f"{outcome.seconds:.1f} s"
    counts = f"{len(outcome.errors)} errors, {len(outcome.warnings)} warnings"
    print(f"  {module.name}: {counts} ({spent})", flush=True)
    for message in outcome.errors + outcome.warnings:
        where = f"{module.path.relative_to(ROOT)}:{message.line}:{message.column}"
        shown = message.text if len(message.text) <= LONGEST else message.text[:LONGEST] + " …"
        print(f"    {where}: {message.severity}: {shown}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
