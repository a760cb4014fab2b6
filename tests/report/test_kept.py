"""What is kept beside a report: enough to draw it anew, and what the committed one was drawn from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from eva.evaluate.figures import figures
from eva.evaluate.judgement import parsed, read_judgements
from eva.report.arms import ARMS, PARSED, SPLITS, WEIGHTS
from eva.report.kept import FOLDER, NothingKept, keep, lay_out
from eva.report.plan import FILE, OtherSettings, Settings, plan, scores_file, seeds_of
from eva.report.scoring import set_of
from eva.report.write import write_report

CHECKOUT = Path(__file__).resolve().parents[2]


def elsewhere(chosen: Settings, folder: Path, **change: object) -> Settings:
    return Settings(**{**vars(chosen), "out": folder, **change})


def kept(docs: Path) -> dict[str, bytes]:
    files = [path for path in (docs / FOLDER).rglob("*") if path.is_file()]
    return {str(path.relative_to(docs / FOLDER)): path.read_bytes() for path in files}


def test_a_report_is_drawn_anew_from_what_is_kept(made, tmp_path):
    chosen, docs = made
    there = elsewhere(chosen, tmp_path / "out")
    lay_out(there, docs)
    there.claim()
    assert all(step.done for step in plan(there)), "nothing is trained, scored or searched"
    write_report(there, tmp_path / "docs", "Python 3", draws=60)
    first, again = (json.loads((d / "report.json").read_text("utf-8")) for d in (docs, tmp_path / "docs"))
    assert again == first and first["facts"]["parameters"] != "0.00 M parameters"
    assert kept(tmp_path / "docs") == kept(docs)


def test_what_was_made_otherwise_does_not_mix_with_what_is_kept(made, tmp_path):
    chosen, docs = made
    there = elsewhere(chosen, tmp_path / "out", steps=chosen.steps + 1)
    there.claim()
    with pytest.raises(
        OtherSettings, match=rf"made with steps {there.steps}, what is kept with {chosen.steps}"
    ):
        lay_out(there, docs)
    assert not (there.out / "scores").exists()


def test_kept_scores_are_older_than_a_model_that_is_trained(made, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(CHECKOUT / "scripts"))
    import nano

    chosen, docs = made
    monkeypatch.setattr(nano, "OURS", "B10")
    there, run = elsewhere(chosen, tmp_path / "out"), tmp_path / "out" / "runs" / "eva-0"
    run.mkdir(parents=True)
    assert not nano.made_the_scores(there, run), "no model"
    (run / "metrics.json").touch()
    lay_out(there, docs)
    assert not nano.made_the_scores(there, run), "scores of another model"
    for split in SPLITS:
        scores_file(there, "B10", 0, split).touch()
    assert nano.made_the_scores(there, run)


def test_processes_are_of_the_machine_that_goes_on(made, tmp_path):
    there = elsewhere(made[0], tmp_path / "out", processes=2)
    lay_out(there, made[1])
    there.claim()


def test_where_nothing_is_kept_it_says_so(made, tmp_path):
    with pytest.raises(NothingKept, match=r"nothing is kept in .*: leave --kept out"):
        lay_out(elsewhere(made[0], tmp_path / "out"), tmp_path)


def test_what_is_there_is_not_overwritten(made, tmp_path):
    chosen, docs = made
    there = elsewhere(chosen, tmp_path / "out")
    file = scores_file(there, "B4", 0, "test")
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    lay_out(there, docs)
    assert file.read_text() == "mine"


def test_what_was_made_with_other_settings_is_refused(made, tmp_path):
    chosen, docs = made
    there = elsewhere(chosen, tmp_path / "out", steps=chosen.steps + 1)
    lay_out(there, docs)
    with pytest.raises(OtherSettings, match="made with steps"):
        there.claim()


def test_what_is_no_longer_of_the_report_goes(made, tmp_path):
    chosen, docs = made
    there = elsewhere(chosen, tmp_path / "out")
    lay_out(there, docs)
    keep(there, tmp_path / "docs")
    fewer = elsewhere(chosen, tmp_path / "out", arms=["labels"], theorems=0)
    keep(fewer, tmp_path / "docs")
    assert {name for name in kept(tmp_path / "docs") if name.endswith(".xz")} == {
        f"scores/{scores_file(fewer, 'labels', 0, split).name}.xz" for split in SPLITS
    }


@pytest.fixture(scope="module")
def labelled_steps(tmp_path_factory):
    sys.path.insert(0, str(CHECKOUT / "scripts"))
    import labelled

    folder = tmp_path_factory.mktemp("labelled")
    assert labelled.label(folder, labelled.THEOREMS, 1) == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("report", [".", "nano"])
def test_the_committed_report_tells_what_its_judgements_say(report, labelled_steps, tmp_path):
    docs = CHECKOUT / "docs" / "report" / report
    known = json.loads((docs / FOLDER / FILE).read_text("utf-8"))
    chosen = Settings(**{**known, "data": labelled_steps, "out": tmp_path})
    lay_out(chosen, docs)
    chosen.claim()
    told = json.loads((docs / "report.json").read_text("utf-8"))["arms"]
    assert set(told) == set(chosen.arms)
    for split, name in SPLITS.items():
        records = set_of(chosen, split)
        for arm in chosen.arms:
            for i, seed in enumerate(seeds_of(chosen, arm)):
                judged = read_judgements(scores_file(chosen, arm, seed, split))
                integers = ARMS[arm].reading in PARSED
                found = figures(records, [parsed(j) for j in judged] if integers else judged, WEIGHTS)
                for figure, summary in told[arm][name].items():
                    assert summary["seeds"][i] == pytest.approx(found[figure], nan_ok=True), (arm, figure)
