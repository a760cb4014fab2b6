"""`python -m benchmarks.where`: on what the time of one proof goes, scores only or with critiques."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from benchmarks.proofs import proof
from eva.model.rows import Rows
from eva.threads import share_the_cores

KINDS = {
    "linear layers": ("mkldnn::_linear_pointwise", "aten::mm", "aten::addmm"),
    "attention": ("aten::_scaled_dot_product_flash_attention_for_cpu", "aten::bmm", "aten::_softmax"),
    "copies of states, new memory": (
        "aten::copy_",
        "aten::fill_",
        "aten::zero_",
        "aten::index",
        "aten::index_put_",
        "aten::cat",
        "aten::empty",
    ),
}
REST = "norms, positions, gates: element by element"
OUTSIDE = "outside torch: tokens, Python, the grammar"
MODEL = "leibniz-nano"


def main(
    steps: Annotated[int, typer.Option(help="Of the proof.")] = 100,
    critique: Annotated[bool, typer.Option(help="Critiques as well.")] = False,
    rounds: Annotated[int, typer.Option(help="Proofs measured, after one that is not.")] = 5,
) -> None:
    """Where the time goes that `leibniz-nano` takes for a proof, by kinds of work in its passes."""
    share_the_cores()
    import torch
    from torch.profiler import profile

    from eva.model import RewardModel
    from eva.model.checkpoint import load
    from eva.serve.config import default_threads

    torch.set_num_threads(default_threads())
    checkpoint = load(MODEL)
    passes = 0
    plain = Rows.extend_some

    def counted(rows: Rows, *rest: object) -> None:
        nonlocal passes
        passes += 1
        plain(rows, *rest)  # type: ignore[arg-type]

    Rows.extend_some = counted  # type: ignore[method-assign, assignment]
    RewardModel(checkpoint).score(proof(steps, 0), critique=critique)
    passes, tokens, taken, profiled = 0, 0, 0.0, 0.0
    spent = dict.fromkeys([*KINDS, REST], 0.0)
    for number in range(1, rounds + 1):
        model, wanted = RewardModel(checkpoint), proof(steps, number)
        begun = time.perf_counter()
        model.score(wanted, critique=critique)
        taken += time.perf_counter() - begun
        tokens += model.usage.computed
        model = RewardModel(checkpoint)
        with profile() as watched:
            begun = time.perf_counter()
            model.score(wanted, critique=critique)
            profiled += time.perf_counter() - begun
        for event in watched.key_averages():
            kind = next((kind for kind, names in KINDS.items() if event.key in names), REST)
            spent[kind] += event.self_cpu_time_total / 1e6
    spent[OUTSIDE] = profiled - sum(spent.values())
    print(f"a proof of {steps} steps, {'with critiques' if critique else 'scores only'}, {MODEL}:")
    print(f"{taken / rounds * 1000:.0f} ms, {tokens // rounds} tokens in {passes // rounds // 2} passes\n")
    for kind, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{seconds / profiled:6.1%}  {kind}")


if __name__ == "__main__":
    typer.run(main)
