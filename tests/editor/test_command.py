"""`#eva_score` and `eva_score` where a file is built: Lean, ZMTP, libzmq, the daemon, the embedded model, and
back into messages.

One Lean process elaborates one file with all the scenes, because starting it is what takes long; the tests
look at what it said. What must be said comes from the Python side: the steps of the same proofs as
`steps_of_file` finds them, scored through the Python client by the same daemon.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from eva.client import Client
from eva.lean import steps_of_file
from eva.runtime import Connection, read_connection, write_connection
from eva.step import Order, ProofStep, StepScore

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "serve"), str(ROOT / "tests" / "zmtp")]

from lean_check import package  # noqa: E402
from lean_modules import Message, Module, WasmLean, in_import_order  # noqa: E402
from peers import unused_port  # noqa: E402
from relay import FileRelay  # noqa: E402
from scripted import ScriptedJudge, serving  # noqa: E402

LEAN = Path(os.environ.get("EVA_LEAN_WASM") or ROOT / ".build" / "lean-wasm") / "bin" / "lean"
START_S = 120

pytestmark = [
    pytest.mark.lean,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not LEAN.is_file(), reason="no WebAssembly Lean (make lean)"),
]

IMPORTS = "import Eva\nimport EvaTest.FileChannel\n"

# With `#eva_score` and `eva_score` for Lean with the package, without them for `steps_of_file`.
PROOFS = """
namespace Batch

#eva_score theorem swap (p q : Prop) (h : p ∧ q) : q ∧ p := by
  obtain ⟨hp, hq⟩ := h
  constructor
  · exact hq
  · exact hp

#eva_score private theorem zero_add' (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ k ih => rw [← Nat.add_assoc, ih]

#eva_score theorem wrong (xs ys : List Nat) : (xs ++ ys).length = ys.length + xs.length := by
  rw [List.length_append]
  rfl

set_option eva.critique false in
theorem silent (a b : Nat) (h : a ≤ b) : a + a ≤ 2 * b := by
  have twice : a + a ≤ b + b := by omega
  eva_score omega

set_option eva.order "critique_first" in
theorem rethought (p q r : Prop) (hp : p) (hq : q) : p ∧ (r → q) := by
  constructor
  · exact hp
  · eva_score
    intro _
    exact hq

theorem unasked : True := by
  trivial

end Batch
"""

# Each states what is the matter, by the connection file's name.
TROUBLES = """
{options}
#eva_score example (p : Prop) (hp : p) : p ∧ p := by
  constructor
  · exact hp
  · exact hp
#eva_score example : True := by
  trivial
run_cmd Eva.Linter.toldFiles.set []
"""


@dataclass
class Told:
    """What Lean said, and where each scene begins (1-based lines)."""

    messages: list[Message]
    scenes: dict[str, int]

    def of(self, scene: str) -> list[Message]:
        begin = self.scenes[scene]
        end = min((line for line in self.scenes.values() if line > begin), default=10**9)
        return [message for message in self.messages if begin <= message.line < end]


def plain(text: str) -> str:
    lines = [
        line for line in text.replace("#eva_score ", "").split("\n") if not line.startswith("set_option eva.")
    ]
    return "\n".join(line.replace("· eva_score", "·").replace("eva_score ", "") for line in lines)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """`eva serve` with the embedded model."""
    path = tmp_path_factory.mktemp("daemon") / "run" / "daemon.json"
    eva = [sys.executable, "-m", "eva"]
    environment = os.environ | {"EVA_CONNECTION_FILE": str(path)}
    serve = [*eva, "serve", "--detach", "--threads", "1"]
    subprocess.run(serve, env=environment, check=True, timeout=START_S)
    try:
        yield read_connection(path)
    finally:
        subprocess.run([*eva, "stop"], env=environment, check=True, timeout=START_S)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, daemon: Connection) -> Iterator[Told]:
    directory = tmp_path_factory.mktemp("batch")
    (directory / "relay").mkdir()
    held, full = ScriptedJudge(), ScriptedJudge()
    held.read.clear()
    with ExitStack() as stack:
        peers = {
            "daemon": daemon,
            "wrong token": replace(daemon, token="0" * 64),
            "nobody": replace(daemon, endpoint=f"tcp://127.0.0.1:{unused_port()}"),
            "stale": daemon,
            "late": stack.enter_context(serving(held, queue=100, batch=4)).connection,
            "busy": stack.enter_context(serving(full, queue=1, batch=1)).connection,
        }
        for name, peer in peers.items():
            write_connection(directory / f"{name}.json", peer)
        # This Lean takes any lock for free; the others have none beside them, so that only connecting tells.
        (directory / "stale.json.lock").touch()
        stack.callback(FileRelay(directory / "relay").close)
        dial = f'EvaTest.FileChannel.dial "{directory / "relay"}"'
        text, scenes = f"{IMPORTS}run_cmd Eva.dialer.set (← {dial})\n", {}
        for name in [*peers, "missing"]:
            scenes[name] = text.count("\n") + 1
            options = f'set_option eva.endpoint "{directory / name}.json"'
            if (
                name == "daemon"
            ):  # with linters and bodies of theorems in threads of their own, as Lean has it
                patient = "set_option eva.timeout 600000"  # on a slow machine no less is told
                options += f"\n{patient} set_option Elab.async true"
                text += f"{options}{PROOFS}set_option Elab.async false\n"
            else:
                options += f"\nset_option eva.timeout {700 if name == 'late' else 60000}"
                text += TROUBLES.format(options=options)
        messages = run_lean(directory, text)
        yield Told(messages, scenes)


def run_lean(directory: Path, text: str) -> list[Message]:
    """What Lean says about a file; the modules that it needs are compiled where lean_check.py has them."""
    library, tests = package()
    path = directory / "Batch.lean"
    path.write_text(text, encoding="utf-8")
    modules = in_import_order(library | tests | {"Batch": Module("Batch", path, text)})
    needed = {"Batch"}
    for module in reversed(modules):
        if module.name in needed:
            needed.update(module.imports)
    build = WasmLean(LEAN, ROOT / ".build" / "lean-check", ROOT)
    messages: list[Message] = []
    with build.locked():
        build.prepare()
        for module in modules:
            if module.name in needed:
                outcome = build.check(module)
                assert module.name == "Batch" or not outcome.errors, outcome.errors
                messages = outcome.messages
    return messages


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[ProofStep]]:
    """The steps of the same proofs as the Python side finds them, by theorem."""
    path = tmp_path_factory.mktemp("plain") / "Plain.lean"
    path.write_text(plain(PROOFS), encoding="utf-8")
    found: dict[str, list[ProofStep]] = {}
    for step in steps_of_file(path).steps:
        found.setdefault(step.name.removeprefix("Batch."), []).append(step)
    return found


def asked(
    daemon: Connection, steps: Sequence[ProofStep], *, critique: bool = True, order: Order = "score_first"
) -> list[str]:
    """What the Python client is told about these steps, in the words of Lean's messages."""
    with Client(daemon) as client:
        return [worded(score) for score in client.score(steps, critique=critique, order=order)]


def worded(score: StepScore) -> str:
    assert score.value is not None
    dimensions = ", ".join(
        f"{name} {score.expected[name]:.1f}"
        + (f" ± {score.spread[name]:.1f}" if score.spread[name] >= 1 else "")
        for name in ("logic", "alignment", "clarity")
    )
    off = score.status == "off_format"
    before = "eva off format, do not trust these numbers:" if off else "eva"
    after = f"; anchor mass {score.mass:.2f}" if off else ""
    numbers = f"{before} {score.value:.2f} ({dimensions} of 1…5{after})"
    return f"{numbers}\n{score.critique.strip()}" if score.critique else numbers


def said(told: Told) -> dict[int, list[str]]:
    """The package's messages about the proofs, by line of `PROOFS` (1-based)."""
    found: dict[int, list[str]] = {}
    for message in told.of("daemon"):
        if message.text.startswith("eva"):
            assert message.severity == "information"
            found.setdefault(message.line - told.scenes["daemon"] - 1, []).append(message.text)
    return found


def line_of(text: str) -> int:
    [index] = [index for index, line in enumerate(PROOFS.split("\n")) if line.strip() == text]
    return index


def test_every_step_is_told_what_the_python_client_is_told(
    told: Told, daemon: Connection, steps: dict[str, list[ProofStep]]
) -> None:
    lines = said(told)
    places = {
        "swap": ["obtain ⟨hp, hq⟩ := h", "constructor", "· exact hq", "· exact hp"],
        "zero_add'": ["induction n with", "| zero => rfl", "| succ k ih => rw [← Nat.add_assoc, ih]"],
        "wrong": ["rw [List.length_append]", "rfl"],
    }
    first = PROOFS.split("\n").index
    for name, texts in places.items():
        expected = asked(daemon, steps[name])
        assert len(expected) == len(texts)
        begin = next(i for i, line in enumerate(PROOFS.split("\n")) if f"theorem {name}" in line)
        for text, words in zip(texts, expected, strict=True):
            at = first(next(line for line in PROOFS.split("\n")[begin:] if line.strip() == text), begin)
            assert lines[at] == [words], text
            assert "\n" in words  # the critique is there


def test_a_rejected_step_is_told_lean_s_error_as_well(told: Told) -> None:
    errors = [message for message in told.of("daemon") if message.severity == "error"]
    assert len(errors) == 1
    assert errors[0].line - told.scenes["daemon"] - 1 == line_of("rfl")


def test_the_tactic_tells_of_its_own_steps_alone(
    told: Told, daemon: Connection, steps: dict[str, list[ProofStep]]
) -> None:
    lines = said(told)
    assert lines[line_of("eva_score omega")] == asked(daemon, steps["silent"][1:], critique=False)
    assert line_of("have twice : a + a ≤ b + b := by omega") not in lines
    rethought = asked(daemon, steps["rethought"][2:], order="critique_first")
    assert {line_of("intro _"), line_of("exact hq")} <= lines.keys(), told.messages
    assert [lines[line_of("intro _")], lines[line_of("exact hq")]] == [[words] for words in rethought]
    assert sum(len(texts) for texts in lines.values()) == 4 + 3 + 2 + 1 + 2


TROUBLE = {
    "wrong token": "refused the token of",
    "nobody": "nothing answers at tcp://127.0.0.1:",
    "stale": "is gone: start one with 'eva serve --detach'",
    "missing": "no daemon runs (no ",
}


@pytest.mark.parametrize("scene", TROUBLE)
def test_without_a_daemon_one_message_tells_why(told: Told, scene: str) -> None:
    [message] = told.of(scene)
    assert message.severity == "information"
    assert message.text.startswith("eva: no scores, ")
    assert TROUBLE[scene] in message.text


def test_a_late_daemon_is_waited_for_no_longer_than_allowed(told: Told) -> None:
    texts = [message.text for message in told.of("late")]
    assert len(texts) == 2
    assert texts[0].startswith("eva: 3 of 3 steps have no score, ")
    assert texts[1].startswith("eva: 1 of 1 steps have no score, ")
    assert all("within 700 ms" in text for text in texts)


def test_a_busy_daemon_is_told_of_and_asked_again(told: Told) -> None:
    refused, scored = told.of("busy")
    assert refused.text.startswith("eva: 3 of 3 steps have no score, ")
    assert refused.text.endswith("(busy): try again later")
    assert scored.text == "eva 0.70 (logic 3.8 of 1…5)\nword word word"
