"""The report of fixed scores: every number in it can be told beforehand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from toy_files import judged, toy_splits

from eva.evaluate.judgement import Judgement
from eva.report.kinds import kinds
from eva.report.page import _differences, _unscored
from eva.report.statistics import HEADLINE, Result, _over_seeds, difference, result
from eva.report.write import paired
from eva.step import DIMENSIONS

WEIGHTS = (0.4, 0.4, 0.2)


def test_the_json_has_what_it_promises(made):
    _, docs = made
    report = json.loads((docs / "report.json").read_text("utf-8"))
    for arm in ("labels", "B3", "B4", "B10"):
        for split in ("in_distribution", "held_out_families"):
            found = report["arms"][arm][split]
            assert set(found) == set(HEADLINE)
            for name in HEADLINE:
                assert set(found[name]) == {"mean", "seeds", "interval"}
                assert len(found[name]["seeds"]) == (1 if arm == "labels" else 3)
    found = report["arms"]["B10"]["in_distribution"]
    assert found["mse"]["mean"] == pytest.approx(np.mean(found["mse"]["seeds"]))
    low, high = found["mse"]["interval"]
    assert low < found["mse"]["mean"] < high
    assert report["arms"]["labels"]["in_distribution"]["mse"]["mean"] == 0
    assert report["arms"]["B3"]["in_distribution"]["tie_rate_1e3"]["mean"] > 0.02
    assert found["critique_verdict_accuracy"]["mean"] == 1.0


def test_differences_are_paired(made):
    report = json.loads((made[1] / "report.json").read_text("utf-8"))
    found = report["differences"]["B10-B4"]["in_distribution"]["mse"]
    assert found["interval"][1] < 0, "less noise, less error"
    mine, other = (report["arms"][arm]["in_distribution"]["mse"] for arm in ("B10", "B4"))
    assert found["mean"] == pytest.approx(mine["mean"] - other["mean"])


def test_the_page_tells_the_same_numbers(made):
    _, docs = made
    page = (docs / "README.md").read_text("utf-8")
    report = json.loads((docs / "report.json").read_text("utf-8"))
    mean = report["arms"]["B10"]["held_out_families"]["mse"]["mean"]
    assert f"{mean:.3f} (" in page
    assert "| gold (60) | harmful (60) | failed (60) | unknown_name (60) |" in page
    assert "B10 − B3" in page and "B12" not in page, "arms that are not there are not spoken of"
    for plot in docs.glob("*.svg"):
        assert f"({plot.name})" in page and plot.stat().st_size < 150_000
    assert (
        "| breadth | 1 of 2 | 1 of 2 |" in page
        and report["search"]["in_distribution"]["breadth"]["solved"] == 1
    )
    assert {"histograms.svg", "reliability.svg", "courses.svg", "search.svg"} <= {
        plot.name for plot in docs.glob("*.svg")
    }


def test_kinds_of_steps_stand_against_the_other_verdict(tmp_path):
    records = toy_splits(tmp_path, 60)["test"]

    def scored(*high):
        """5 for steps of these origins, 2 for others."""
        return [Judgement("scored", dict.fromkeys(DIMENSIONS, 5 if r.origin in high else 2)) for r in records]

    takes_failed, tied = scored("gold", "harmful", "failed"), scored()
    late = [
        Judgement("timeout", {}) if r.origin == "failed" else one
        for r, one in zip(records, takes_failed, strict=True)
    ]
    found = kinds(records, {"one": [takes_failed], "two": [takes_failed, tied], "late": [late]}, WEIGHTS)
    origins = found["origin"]["arms"]
    assert found["origin"]["steps"] == dict.fromkeys(("gold", "harmful", "failed", "unknown_name"), 120)
    assert origins["one"] == [0.75, 0.75, 0.5, 1.0], "accepted ones lose to neither, and tie with the failed"
    assert origins["two"] == [0.625, 0.625, 0.5, 0.75], "the mean over the seeds"
    assert origins["late"] == [1.0, 1.0, None, 1.0], "a step without a score is in no figure"
    assert found["family"] == {"steps": {"toy": 480}, "arms": {"one": [0.75], "two": [0.625], "late": [1.0]}}


def test_one_theorem_that_is_hard_for_both_does_not_hide_a_difference(tmp_path):
    """Two arms share what is hard, so the interval of the difference is far narrower than either's."""
    records = toy_splits(tmp_path, 60)["test"]
    names = sorted({r.theorem_id for r in records})
    hard = dict(zip(names, np.random.default_rng(0).normal(0, 1, len(names)), strict=True))

    def arm(shift):
        return [
            Judgement("scored", {n: float(r.targets[n] + hard[r.theorem_id] + shift) for n in DIMENSIONS})
            for r in records
        ]

    one, other = result(records, [arm(0.05)], WEIGHTS), result(records, [arm(0.0)], WEIGHTS)
    width = np.ptp(one.summary()["mse"]["interval"])
    low, high = difference(one, other)["mse"]["interval"]
    assert high - low < 0.3 * width
    same = difference(one, one)
    assert same["mse"]["mean"] == 0 and same["mse"]["interval"] == [0, 0]


def test_seeds_are_paired_like_theorems(tmp_path):
    """What is so in every seed is sure, however much the seeds differ."""
    records = toy_splits(tmp_path, 40)["test"]
    apart = [judged(records, noise, 1) for noise in (0.1, 0.3, 0.9)]
    found = result(records, apart, WEIGHTS)
    assert difference(found, found)["mse"]["interval"] == [0, 0]


def test_seeds_that_differ_widen_the_interval(tmp_path):
    records = toy_splits(tmp_path, 40)["test"]
    alike = result(records, [judged(records, 0.3, 1)] * 3, WEIGHTS).summary()["mse"]["interval"]
    apart = [judged(records, noise, 1) for noise in (0.1, 0.3, 0.9)]
    assert np.ptp(result(records, apart, WEIGHTS).summary()["mse"]["interval"]) > 1.5 * np.ptp(alike)


def test_few_seeds_vary_as_much_as_their_sample_says(tmp_path):
    """Means of three that are drawn from three vary by 2/3 of it."""
    records = toy_splits(tmp_path, 4)["test"]
    found = result(records, [judged(records, noise, 1) for noise in (0.1, 0.3, 0.9)], WEIGHTS)
    each = np.array([1.0, 2.0, 6.0])
    drawn = np.broadcast_to(each[None, :, None], (20_000, 3, len(HEADLINE)))
    low, high = Result(found.all, drawn).summary()["mse"]["interval"]
    error = each.std(ddof=1) / np.sqrt(3)
    assert _over_seeds(drawn).std() == pytest.approx(error, rel=0.02)
    assert low < 3 - error and high > 3 + error


def test_a_figure_that_one_seed_has_not_has_no_mean(tmp_path):
    records = toy_splits(tmp_path, 4)["test"]
    collapsed = [Judgement("scored", dict.fromkeys(DIMENSIONS, 3.0))] * len(records)
    found = result(records, [judged(records, 0.3, 1), collapsed], WEIGHTS)
    assert found.all[0]["pearson"] is not None and found.all[1]["pearson"] is None
    told = found.summary()["pearson"]
    assert (told["mean"], told["interval"], len(told["seeds"])) == (None, None, 2)
    assert found.summary()["mse"]["mean"] is not None
    assert difference(found, found)["pearson"] == {"mean": None, "interval": None}


def test_a_training_with_one_seed_stands_against_that_seed_of_the_other(tmp_path):
    records = toy_splits(tmp_path, 4)["test"]
    three = result(records, [judged(records, noise, 1) for noise in (0.1, 0.5, 0.9)], WEIGHTS, draws=20)
    one = three.first(1)
    assert difference(*paired("two_hot", "B10", one, three))["mse"]["interval"] == [0, 0]
    assert paired("words", "B10", one, three) == (one, three), "words have no training to pair"


def test_what_another_training_might_have_given_otherwise_is_not_bold(tmp_path):
    records = toy_splits(tmp_path, 20)["test"]
    good, bad = (result(records, [judged(records, noise, 1)] * 2, WEIGHTS, draws=40) for noise in (0.1, 0.9))

    def row(one, other, seeds):
        sets = {"in_distribution": good.first(seeds), "held_out_families": good.first(seeds)}
        results = {one: sets, other: {name: bad.first(seeds) for name in sets}}
        told = {f"{one}-{other}": {name: difference(good.first(seeds), bad.first(seeds)) for name in sets}}
        return _differences(told, results)

    assert "| **" in row("B10", "B4", 2)
    assert "| *" in row("B10", "B4", 1) and "**" not in row("B10", "B4", 1)
    assert "**" in row("B10", "B10_parsed", 1), "one training, read in two ways"


def test_steps_without_a_score_are_told(tmp_path):
    records = toy_splits(tmp_path, 4)["test"]
    scores = judged(records, 0.3, 1)
    late = [Judgement("too_long", {}), Judgement("too_long", {}), *scores[2:]]
    sets = {arm: {"s": result(records, [some], WEIGHTS, 4)} for arm, some in (("B4", scores), ("B6", late))}
    assert _unscored(sets, "s").endswith("in no figure of the arm: B6 2.")
    assert _unscored({"B4": sets["B4"]}, "s") == ""
    assert sets["B6"]["s"].scored() == [len(records) - 2]
