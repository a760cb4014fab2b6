"""What is compared. A *run* is a training; an *arm* is a way to read scores from a run (or from none)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Reading = Literal[
    "expected", "parsed", "sampled", "critique_first", "critique_first_parsed", "given_critique", "decision",
    "decimal", "value", "constant", "words", "words_and_goal", "likelihood", "labels",
]  # fmt: skip
PARSED: Mapping[Reading, Reading] = {"parsed": "expected", "critique_first_parsed": "critique_first"}
"""Parsed integers are taken from the distributions of another reading, which need not be read twice."""
BASE = "base"
WEIGHTS = (0.4, 0.4, 0.2)  # of logic, alignment and clarity in the value, for every arm


@dataclass(frozen=True, slots=True)
class Run:
    """A training on the common base (or on another run's model): options of `eva.train.TrainConfig`.

    `share` of the steps of the other runs, `rate` of their learning rate. `once`: with the first seed only,
    for a point of a sweep.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    on: str = BASE
    share: float = 1.0
    rate: float = 1.0
    once: bool = False


RUNS: dict[str, Run] = {
    "sft": Run({"alpha": 0.0}),
    "eva": Run(),
    "decimal": Run({"scores": "decimal", "alpha": 0.0, "score_noise": 0.0}),
    "value": Run({"scores": "value", "alpha": 0.0, "score_noise": 0.0}),
    "no_critique": Run({"orders": "none"}),
    "masked": Run({"digit": "masked"}),
    "two_hot": Run({"digit": "two_hot"}, once=True),
    "noise_0": Run({"score_noise": 0.0}),
    "noise_0.5": Run({"score_noise": 0.5}, once=True),
    "self_critique": Run({"self_critique": True, "orders": "critique_first"}, on="eva", share=0.5, rate=0.5),
    "score_first": Run({"orders": "score_first"}),
    "two_stage": Run(
        {"self_critique": True, "self_critique_order": "score_first", "orders": "both"},
        on="score_first",
        share=0.15,
        rate=0.5,
    ),
    "brief": Run({"orders": "score_first", "critiques": 0.3, "new_names": True}),
    "brief_sft": Run({"alpha": 0.0, "orders": "score_first", "critiques": 0.3, "new_names": True}),
    "brief_value": Run({"scores": "value", "alpha": 0.0, "score_noise": 0.0, "new_names": True}),
    "nano": Run(
        {"self_critique": True, "self_critique_order": "score_first", "orders": "both"},
        on="brief",
        share=0.04,
        rate=0.33,
    ),
    "sft_score_first": Run({"alpha": 0.0, "orders": "score_first"}),
    "anchors_2": Run({"scale": (0, 1)}),
    "anchors_3": Run({"scale": (1, 3)}, once=True),
    "anchors_11": Run({"scale": (0, 10)}, once=True),
    "alpha_0.1": Run({"alpha": 0.1}, once=True),
    "alpha_1": Run({"alpha": 1.0}, once=True),
    "alpha_2": Run({"alpha": 2.0}, once=True),
    "alpha_5": Run({"alpha": 5.0}, once=True),
}
"""Every run by name; what an option does not say is the default of `eva train`."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One row of the report: `title`, the run whose model is read (`None`: no model), and how it is read."""

    title: str
    run: str | None
    reading: Reading


ARMS: dict[str, Arm] = {
    "labels": Arm("the labels themselves", None, "labels"),
    "B0": Arm("constant: the mean label", None, "constant"),
    "words": Arm("ridge on the words of the tactic", None, "words"),
    "words_goal": Arm("ridge on words of tactic × goal", None, "words_and_goal"),
    "B1": Arm("zero-shot, parsed integer", BASE, "parsed"),
    "B2": Arm("zero-shot, expectation", BASE, "expected"),
    "likelihood": Arm("ridge on the base's log-probability of the step", BASE, "likelihood"),
    "B3": Arm("SFT, parsed integer", "sft", "parsed"),
    "B4": Arm("SFT, expectation (α = 0)", "sft", "expected"),
    "B5": Arm("SFT, mean of 8 sampled integers", "sft", "sampled"),
    "B6": Arm("SFT, decimal text", "decimal", "decimal"),
    "B7": Arm("value head, squared error", "value", "value"),
    "B8": Arm("two anchors", "anchors_2", "expected"),
    "B9": Arm("expectation, no critique", "no_critique", "expected"),
    "B10": Arm("EVA (α = 0.5), score first", "eva", "expected"),
    "B11": Arm("EVA, digit masked from cross-entropy", "masked", "expected"),
    "B12": Arm("EVA, second stage on own critiques", "self_critique", "critique_first"),
    "score_first": Arm("EVA, trained score first only", "score_first", "expected"),
    "score_first_parsed": Arm("the same, parsed integer", "score_first", "parsed"),
    "two_stage": Arm("… then a short second stage in both orders", "two_stage", "expected"),
    "two_stage_parsed": Arm("the same, parsed integer", "two_stage", "parsed"),
    "two_stage_critique": Arm("the same, after its own critique", "two_stage", "critique_first"),
    "brief": Arm("EVA, score first, critiques in three of ten batches", "brief", "expected"),
    "brief_sft": Arm("SFT (α = 0), trained likewise, expectation", "brief_sft", "expected"),
    "brief_sft_parsed": Arm("the same, parsed integer", "brief_sft", "parsed"),
    "brief_value": Arm("value head, squared error, with the same new names", "brief_value", "value"),
    "nano": Arm("brief, then a short second stage in both orders", "nano", "expected"),
    "nano_parsed": Arm("the same, parsed integer", "nano", "parsed"),
    "nano_critique": Arm("the same, after its own critique", "nano", "critique_first"),
    "nano_critique_parsed": Arm("the same, parsed integer", "nano", "critique_first_parsed"),
    "sft_score_first": Arm("SFT, trained score first only, expectation", "sft_score_first", "expected"),
    "sft_score_first_parsed": Arm("the same, parsed integer", "sft_score_first", "parsed"),
    "decision": Arm('transformers\' pipeline("decision") on the model of B10', "eva", "decision"),
    "B10_parsed": Arm("EVA, parsed integer", "eva", "parsed"),
    "B10_critique": Arm("EVA, after its own critique", "eva", "critique_first"),
    "B10_given": Arm("EVA, after the label's critique (tells the verdict)", "eva", "given_critique"),
    "B4_critique": Arm("SFT, after its own critique", "sft", "critique_first"),
    "two_hot": Arm("EVA, two-hot digit", "two_hot", "expected"),
    "noise_0": Arm("EVA, later integers behind the label's, as in the paper", "noise_0", "expected"),
    "noise_0_parsed": Arm("the same, parsed integer", "noise_0", "parsed"),
    "noise_0.5": Arm("EVA, half of the integers read as others", "noise_0.5", "expected"),
    "alpha_0.1": Arm("EVA, α = 0.1", "alpha_0.1", "expected"),
    "alpha_1": Arm("EVA, α = 1", "alpha_1", "expected"),
    "alpha_2": Arm("EVA, α = 2", "alpha_2", "expected"),
    "alpha_5": Arm("EVA, α = 5", "alpha_5", "expected"),
    "anchors_3": Arm("EVA, three anchors", "anchors_3", "expected"),
    "anchors_11": Arm("EVA, eleven anchors (10 is two tokens)", "anchors_11", "expected"),
}
"""Every arm by its name in `report.json`."""

ON_DEMAND = tuple(n for n in ARMS if n.startswith(("two_hot", "noise_0.5", "alpha_", "brief", "nano")))
"""Arms of a report only where they are asked for: points of sweeps, and the embedded model's own recipe."""

ALONG = "_path"
"""Ends the name of a strategy that goes by the values along the path, not by the last step's alone."""
PATH_WEIGHTS = (0.5, 0.5, 0.0)  # clarity says how a step reads, not where it leads
PLAIN_WAYS = ("breadth", "depth", "shortest", "shortest_path")
"""Strategies of proof search without a model."""
SEARCHING: Mapping[str, str] = {
    **{arm: arm for arm in ("words_goal", "likelihood", "B3", "B4", "B7", "B10", "two_stage")},
    **{arm: arm for arm in ("brief_value", "brief_sft_parsed", "brief_sft", "nano_parsed", "nano")},
    **{f"{arm}{ALONG}": arm for arm in ("B3", "B4", "B7", "B10", "brief_value", "brief_sft_parsed")},
    **{f"{arm}{ALONG}": arm for arm in ("brief_sft", "nano_parsed", "nano")},
}
"""Strategies with an arm, and the arm. Where priorities tie, steps are tried in the order in which they were
proposed."""

SPLITS = {"test": "in_distribution", "held_out": "held_out_families"}
"""The sets that arms are compared on, and their names in `report.json`."""


def is_trained(arm: str) -> bool:
    """Whether an arm has a training of its own, which another seed would have made another one."""
    return ARMS[arm].run not in (None, BASE)


def runs_of(arms: list[str]) -> list[str]:
    """The runs that these arms need, those that others stand on first."""
    needed: list[str] = []
    for name in arms:
        run = ARMS[name].run
        chain = []
        while run is not None and run != BASE:
            chain.append(run)
            run = RUNS[run].on
        needed += [name for name in reversed(chain) if name not in needed]
    return needed
