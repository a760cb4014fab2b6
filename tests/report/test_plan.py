"""The plan of a report: what has to be done, in which order, and that it is done once."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from toy_files import toy_splits

from eva.report import scoring
from eva.report.arms import ARMS, RUNS, SPLITS, Run, runs_of
from eva.report.plan import OtherSettings, Settings, Step, plan, scores_file, search_file, seeds_of
from eva.report.workers import work
from eva.train.config import TrainConfig


def settings(tmp_path, **change):
    options = {"data": tmp_path / "data", "out": tmp_path / "out", "arms": list(ARMS), "seeds": [0, 1, 2]}
    return Settings(**{**options, **change})


def test_every_baseline_of_the_method_is_an_arm():
    assert {f"B{i}" for i in range(13)} <= set(ARMS) and "decision" in ARMS
    assert all(arm.run is None or arm.run == "base" or arm.run in RUNS for arm in ARMS.values())


def test_every_run_is_one_that_can_be_trained(tmp_path):
    toy_splits(tmp_path, 4)
    for run in RUNS.values():
        TrainConfig(data=tmp_path, out=tmp_path / "out", base="some/model", **run.options)


def test_a_run_comes_after_what_it_stands_on():
    assert runs_of(["B12"]) == ["eva", "self_critique"]
    assert runs_of(["B3", "B4", "B5", "B1", "B0"]) == ["sft"], "three read-outs of one training"


def test_the_plan_is_in_order_and_names_nothing_twice(tmp_path):
    steps = plan(settings(tmp_path))
    seen = set()
    for step in steps:
        assert set(step.after) <= seen, step.name
        assert step.name not in seen
        seen.add(step.name)
    files = [file for step in steps for file in step.results]
    assert len(files) == len(set(files))
    assert sum(step.name.startswith("train eva-") for step in steps) == 3
    assert not any(step.name == "search" for step in plan(settings(tmp_path, theorems=0)))
    assert not any(step.name == "base" for step in plan(settings(tmp_path, arms=["B0"], theorems=0)))


def test_arms_without_a_training_have_one_seed(tmp_path):
    chosen = settings(tmp_path)
    assert seeds_of(chosen, "B0") == seeds_of(chosen, "B2") == [0]
    assert seeds_of(chosen, "B10") == [0, 1, 2]
    assert seeds_of(chosen, "alpha_2") == [0], "a point of a sweep is trained once"
    names = [step.name for step in plan(chosen)]
    assert "train eva-2" in names and "train alpha_2-0" in names
    assert not {"train alpha_2-1", "score alpha_2-1"} & set(names)
    assert scores_file(chosen, "B3", 1, "test") == scores_file(chosen, "B4", 1, "test"), (
        "integers are read from E's"
    )
    assert scores_file(chosen, "B4", 1, "test") != scores_file(chosen, "B5", 1, "test")


def test_another_recipe_under_the_same_name_is_refused(tmp_path, monkeypatch):
    chosen = settings(tmp_path, arms=["B0", "B10"])
    chosen.claim()
    settings(tmp_path, arms=["B0", "B4"]).claim()
    chosen.claim()
    monkeypatch.setitem(RUNS, "eva", Run({"alpha": 5.0}))
    settings(tmp_path, arms=["B0", "B4"]).claim()
    with pytest.raises(OtherSettings, match=r"made with run eva .*, not .*'alpha': 5\.0"):
        chosen.claim()


def test_the_search_of_another_seed_is_another_file(tmp_path):
    first, second = (settings(tmp_path, seeds=seeds) for seeds in ([0, 1], [1]))
    assert search_file(first, "B10", "test") != search_file(second, "B10", "test")
    assert search_file(first, "breadth", "test") == search_file(second, "breadth", "test")


def test_how_many_steps_a_run_learns_from(tmp_path):
    chosen = settings(tmp_path, steps=10, batch_size=4)
    assert (chosen.seen(100), chosen.seen(30)) == (40, 30)
    assert settings(tmp_path, steps=10, batch_size=4, limit=7).seen(100) == 7


def test_words_are_learned_from_no_more_steps_than_models_learn_from(tmp_path):
    toy_splits(tmp_path / "data", 40)
    few = settings(tmp_path, steps=2, batch_size=4)
    assert len(scoring._train(few)) == 8
    assert len(scoring._train(settings(tmp_path))) > 8


def test_settings_are_kept(tmp_path):
    chosen = settings(tmp_path, limit=5)
    assert Settings.load(chosen.claim()) == chosen


def test_arms_seeds_and_a_search_can_be_added_to_what_is_there(tmp_path):
    settings(tmp_path, arms=["B10"], seeds=[0], theorems=0).claim()
    more = settings(tmp_path, theorems=30, nodes=8)
    assert Settings.load(more.claim()) == more


def test_a_training_is_not_done_again_for_scores_that_are_kept(tmp_path):
    chosen = settings(tmp_path, arms=["B1", "B4", "B12"], seeds=[0, 1], theorems=0)

    def trained():
        return {step.name for step in plan(chosen) if step.name.startswith(("base", "train"))}

    def judge(step):
        for file in step.results:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()

    all_of_them = {"base"} | {
        f"train {run}-{seed}" for run in ("sft", "eva", "self_critique") for seed in (0, 1)
    }
    assert trained() == all_of_them
    scores = {step.name: step for step in plan(chosen) if step.name.startswith("score")}
    judge(scores["score self_critique-1"])
    assert trained() == all_of_them - {"train self_critique-1", "train eva-1"}, "nor what it stands on"
    for step in scores.values():
        judge(step)
    assert trained() == set()
    searched = settings(tmp_path, arms=["B1", "B4", "B12"], seeds=[0, 1], theorems=2)
    names = {step.name for step in plan(searched) if step.name.startswith(("base", "train"))}
    assert names == {"base", "train sft-0"}, "the one model that searches"


def test_an_arm_that_comes_later_is_searched_with_too(tmp_path):
    def search(**change):
        [step] = [s for s in plan(settings(tmp_path, **change)) if s.name == "search"]
        return set(step.results)

    few, more = search(arms=["B10"], theorems=3), search(arms=["B10", "nano"], theorems=3)
    assert few < more and len(more - few) == 2 * len(SPLITS), "by the step's value, and along the path"
    assert not few & search(arms=["B10"], theorems=4), "figures of other theorems are other files"


def test_labelled_steps_that_grew_are_refused(tmp_path):
    chosen = settings(tmp_path, data=tmp_path)
    (tmp_path / "train.jsonl").write_text("{}\n{}\n")
    chosen.claim()
    chosen.claim()
    (tmp_path / "train.jsonl").write_text("{}\n{}\n{}\n")
    with pytest.raises(OtherSettings, match=r"made with train.jsonl 2, not 3: give another --out"):
        chosen.claim()


@pytest.mark.parametrize("change", [{"steps": 7}, {"batch_size": 2}, {"learning_rate": 0.1}])
def test_other_settings_are_refused_by_name(tmp_path, change):
    chosen = settings(tmp_path, steps=5)
    file = chosen.claim()
    [(name, value)] = change.items()
    with pytest.raises(OtherSettings, match=f"made with {name} .*, not {value}: give another --out"):
        settings(tmp_path, **{"steps": 5, **change}).claim()
    assert Settings.load(file) == chosen, "what was there is left as it was"


def touch(name, folder, *, after=(), code="") -> Step:
    file = folder / name
    text = f"import pathlib, sys; {code or 'pass'}; pathlib.Path({str(file)!r}).touch()"
    return Step(name, [sys.executable, "-c", text], (file,), tuple(after))


def test_steps_wait_for_each_other_and_done_ones_stay_done(tmp_path):
    order = f"open({str(tmp_path / 'order')!r}, 'a').write"
    steps = [
        touch("a", tmp_path, code=f"{order}('a')"),
        touch("b", tmp_path, after=["a"], code=f"{order}('b')"),
        touch("c", tmp_path, after=["a", "b"], code=f"{order}('c')"),
    ]
    assert work(steps, 3, tmp_path / "logs") == []
    assert (tmp_path / "order").read_text() == "abc"
    (tmp_path / "c").unlink()
    assert work(steps, 3, tmp_path / "logs") == []
    assert (tmp_path / "order").read_text() == "abcc", "only what was not there"


def test_a_failure_stops_what_needs_it_and_nothing_else(tmp_path, capfd):
    steps = [
        touch("bad", tmp_path, code="sys.exit('no such thing')"),
        touch("needs", tmp_path, after=["bad"]),
        touch("good", tmp_path),
    ]
    assert sorted(work(steps, 1, tmp_path / "logs")) == ["bad", "needs"]
    assert (tmp_path / "good").exists() and not (tmp_path / "needs").exists()
    assert "no such thing" in capfd.readouterr().err
    empty = Step("empty", [sys.executable, "-c", "pass"], (tmp_path / "nothing",))
    assert work([empty], 1, tmp_path / "logs") == ["empty"], "a step that leaves no result has failed"


def test_an_interrupt_ends_the_processes(tmp_path, monkeypatch):
    mark = tmp_path / "alive"
    slow = f"import time, pathlib; pathlib.Path({str(mark)!r}).touch(); time.sleep(60)"
    steps = [Step("slow", [sys.executable, "-c", slow], (tmp_path / "never",))]
    real = time.sleep

    def interrupted(seconds: float) -> None:
        real(0.05)
        if Path(mark).exists():
            raise KeyboardInterrupt

    monkeypatch.setattr("eva.report.workers.time.sleep", interrupted)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        work(steps, 1, tmp_path / "logs")
    assert time.monotonic() - start < 50, "the process was ended, not waited for"
