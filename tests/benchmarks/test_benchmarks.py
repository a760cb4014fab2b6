"""The benchmarks run, from the first row to the results file. What figures come out is not looked at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the benchmarks are no part of the package

from benchmarks import results, show  # noqa: E402
from benchmarks.__main__ import DOCS, TOPICS  # noqa: E402
from benchmarks.harness import Goal, Row, alone, in_turn, missing, versus  # noqa: E402
from benchmarks.proofs import edited, proof  # noqa: E402
from benchmarks.where import KINDS, OUTSIDE, REST  # noqa: E402
from eva.model.prefill import unique_tokens  # noqa: E402

ENTRY = {"topic", "name", "ours", "theirs", "unit", "against", "ratio", "spread", "goal", "met", "note"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_topic_gives_rows(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    data = json.loads(out.read_text("utf-8"))
    assert list(dict.fromkeys(row["topic"] for row in data["rows"])) == list(TOPICS)
    assert set(data["runs"]) == set(TOPICS)
    for run in data["runs"].values():
        assert {"command", "taken", "commit", "machine", "seconds"} <= set(run)
        assert {"cpu", "cores", "versions", "load"} <= set(run["machine"])
    names = [(row["topic"], row["name"]) for row in data["rows"]]
    assert len(set(names)) == len(names)
    for row in data["rows"]:
        assert set(row) == ENTRY
        assert (row["ours"] is None) == (row["spread"] is None)
        assert row["ours"] is not None or row["note"], "a figure is missing and nothing says why"
        assert row["ratio"] is None or row["theirs"] is not None
        assert show.cells(row)[0] in done.stderr
    assert out.with_suffix(".png").stat().st_size > 1000


def test_ways_are_measured_in_turn_and_the_first_round_warms_up() -> None:
    order: list[str] = []

    def way(name: str, figure: float):
        return lambda number: order.append(f"{name}{number}") or figure + number

    assert in_turn({"a": way("a", 10), "b": way("b", 20)}, 2) == {"a": [11, 12], "b": [21, 22]}
    assert order == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_a_ratio_is_taken_round_by_round_and_held_against_its_goal() -> None:
    row = versus("t", "n", [1, 2, 30], [2, 2, 10], "ms", against="x", goal=Goal("ratio", "≤", 0.9))
    assert (row.ours, row.theirs, row.ratio, row.spread) == (2, 2, 1.0, (0.5, 3.0))
    assert row.met is False and row.goal == "ratio ≤ 0.9"
    assert alone("t", "n", [3, 1, 2], "ms", goal=Goal("ours", "≥", 2)).met is True
    assert missing("t", "n", "ms", "not there", goal=Goal("ratio", "≥", 2)).met is None


def test_results_keep_the_topics_that_were_not_measured(tmp_path: Path) -> None:
    def entry(topic: str, ours: float) -> dict:
        return Row(topic, "n", ours, None, "s").to_json()

    data = results.load(tmp_path / "none.json")
    results.put(data, "b", {"command": "1"}, [entry("b", 1)], ["a", "b"])
    results.put(data, "a", {"command": "2"}, [entry("a", 2)], ["a", "b"])
    results.put(data, "b", {"command": "3"}, [entry("b", 3)], ["a", "b"])
    results.save(data, tmp_path / "r.json")
    read = results.load(tmp_path / "r.json")
    assert [(row["topic"], row["ours"]) for row in read["rows"]] == [("a", 2), ("b", 3)]
    assert read["runs"] == {"a": {"command": "2"}, "b": {"command": "3"}}


def test_the_page_of_the_docs_holds_the_latest_figures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(DOCS.read_text("utf-8"), "utf-8")
    show.write_docs(results.load(results.LATEST), page)
    assert page.read_text("utf-8") == DOCS.read_text("utf-8"), "run: python -m benchmarks --docs"


def test_steps_of_a_proof_follow_from_one_another() -> None:
    steps = proof(40, 5)
    assert proof(40, 5) == steps != proof(40, 6)
    for before, after in pairwise(steps):
        assert after.earlier == (*before.earlier, before.tactic)
        old, new = (step.goals[0].rpartition("⊢ ")[2] for step in (before, after))
        rule = before.tactic[len("rw [") : -1]
        left, right = next(line for line in before.goals[0].splitlines() if line.startswith(f"{rule} :"))[
            5:
        ].split(" = ")
        assert left in old.split() and new == " ".join(right if w == left else w for w in old.split())
    changed = edited(steps, 19)
    assert changed[:19] == steps[:19]
    assert changed[19].tactic == changed[30].earlier[19] != steps[19].tactic
    assert [step.goals for step in changed] == [step.goals for step in steps]


def test_unique_tokens_are_the_nodes_of_the_prefix_tree() -> None:
    assert unique_tokens([]) == 0
    assert unique_tokens([[1, 2, 3], [1, 2, 4], [1], [2, 1], [1, 2, 3, 5], [1, 2, 3]]) == 7


def test_the_profile_accounts_for_all_of_the_time() -> None:
    command = [sys.executable, "-m", "benchmarks.where", "--steps", "3", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    assert "a proof of 3 steps, scores only" in done.stdout
    shares = {
        kind: float(share) for share, kind in re.findall(r"^ *(-?[\d.]+)%  (.+)$", done.stdout, re.MULTILINE)
    }
    assert set(shares) == {*KINDS, REST, OUTSIDE}
    assert all(share >= 0 for share in shares.values()) and shares["linear layers"] > 0
    assert sum(shares.values()) == pytest.approx(100, abs=0.5)
