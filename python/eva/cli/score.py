"""`eva score`: the steps of a file, each with its value, its expected scores and its critique."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

from eva.cli.exits import ExitCode, fail, tell
from eva.step import Order, ProofStep, StepScore

if TYPE_CHECKING:
    from eva.cli.judges import Judge, JudgingFailed
    from eva.cli.printers import Printer
    from eva.cli.screen import Screen

DEFAULT_MODEL = "leibniz-nano"
MAX_COMPLAINTS = 5
COMPLAINT_LENGTH = 200
MAX_SECONDS = 86400
HELP = (
    "Score each step of the proofs in a file.\n\n"
    "Each step gets a [bold]value[/] in 0..1, the expected scores for [bold]logic[/] (is the idea sound?), "
    "[bold]alignment[/] (does it fit this proof state?) and [bold]clarity[/], and a short critique. They are "
    "a model's opinion. Whether a step is accepted is for Lean alone to say: where it rejected one, its "
    "words are shown."
)
EPILOG = """
[bold]Examples[/]

[cyan]eva score Demo.lean[/]  the steps as a table; judged by the daemon ([cyan]eva serve --detach[/])

[cyan]eva score Demo.lean --local[/]  the same without a daemon: the model is loaded here

[cyan]eva score Demo.lean --json --no-critique | jq .value[/]  the numbers alone

[cyan]eva score Demo.lean --fail-under 0.3[/]  for CI: exit code 1 if a step's value is less

[cyan]generate | eva score - --json[/]  steps from any program, one JSON object a line

[bold]Exit codes[/]

0 done, and a step may have no score because it is too long · 1 a value is under --fail-under · 2 no steps to
score · 3 no daemon · 4 the judging failed or its deadline passed; with --fail-under also: a step has no score
to compare
"""


def _share(value: float | None) -> float | None:
    if value is not None and not 0.0 <= value <= 1.0:
        raise typer.BadParameter(f"{value} is not a value in 0..1.")
    return value


def _seconds(value: float) -> float:
    if not 0.001 <= value <= MAX_SECONDS:
        raise typer.BadParameter(f"{value} is not a number of seconds from 0.001 to {MAX_SECONDS}.")
    return value


def score(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A Lean file, a [bold]steps.jsonl[/], or [bold]-[/]: steps on standard input.",
        ),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a step, for programs.")] = False,
    no_critique: Annotated[
        bool, typer.Option("--no-critique", help="The numbers alone, which is much faster.")
    ] = False,
    order: Annotated[
        Order,
        typer.Option(
            metavar="ORDER",
            help="[bold]score_first[/]: scores at once, words after; [bold]critique_first[/]: words, then "
            "scores that have read them.",
        ),
    ] = "score_first",
    theorem: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the steps of this theorem.")
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(
            metavar="VALUE", callback=_share, help="End with exit code 1 if a step's value is less than this."
        ),
    ] = None,
    deadline: Annotated[
        float, typer.Option(metavar="SECONDS", callback=_seconds, help="For scoring all steps.")
    ] = 600,
    lean_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", callback=_seconds, help="For Lean to read the file.")
    ] = 300,
    local: Annotated[
        bool, typer.Option("--local", help="Load the model into this process; no daemon is needed.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR", help="With --local: which model.", show_default=DEFAULT_MODEL),
    ] = None,
) -> None:
    if model is not None and not local:
        raise typer.BadParameter(
            "goes with --local; the daemon's model is chosen by 'eva serve --model'.", param_hint="--model"
        )
    critique = not no_critique
    from eva.cli import sources
    from eva.cli.judges import JudgingFailed
    from eva.cli.printers import JsonLines, Table
    from eva.cli.screen import Screen

    try:
        sources.check(file)
        with ExitStack() as after, Screen() as screen:
            if sources.is_lean(file):
                judge = _judge(screen, model or DEFAULT_MODEL, local=local)  # before Lean, which takes long
                screen.doing(f"Lean reads {file}")
                found = sources.read(file, lean_timeout=lean_timeout)
            else:
                found = sources.read(file, lean_timeout=lean_timeout)
                judge = _judge(screen, model or DEFAULT_MODEL, local=local)
            steps = found.steps if theorem is None else sources.of_theorem(found.steps, theorem)
            after.callback(_complain, found.complaints)  # the live region would be drawn into them
            printer = JsonLines(screen, steps) if as_json else Table(screen, steps)
            screen.doing(f"{judge.name} judges {len(steps)} steps", total=len(steps) * (1 + critique))
            scores, failure = _run(
                judge, steps, screen, printer, critique=critique, order=order, deadline=deadline
            )
    except sources.BadSource as error:
        fail(ExitCode.USAGE, str(error))
    except JudgingFailed as error:
        fail(error.code, str(error))
    code = ExitCode.OK if fail_under is None else _look_under(fail_under, file, steps, scores)
    if failure is not None:
        fail(failure.code, str(failure))
    if code:
        raise typer.Exit(code)


def _judge(screen: Screen, model: str, *, local: bool) -> Judge:
    from eva.cli.judges import DaemonJudge, LocalJudge

    if not local:
        return DaemonJudge()
    screen.doing(f"loading {model}")
    return LocalJudge(model)


def _complain(complaints: Sequence[str]) -> None:
    for complaint in complaints[:MAX_COMPLAINTS]:
        tell(shorten(complaint, COMPLAINT_LENGTH, placeholder=" …"), label="eva: Lean, outside of the steps")
    if len(complaints) > MAX_COMPLAINTS:
        tell(f"{len(complaints) - MAX_COMPLAINTS} more of these errors")


def _run(
    judge: Judge,
    steps: Sequence[ProofStep],
    screen: Screen,
    printer: Printer,
    *,
    critique: bool,
    order: Order,
    deadline: float,
) -> tuple[list[StepScore], JudgingFailed | None]:
    """Judge and print all steps: a score for each, and what kept the judge from the end, if anything did."""
    from eva.cli.in_order import InOrder
    from eva.cli.interrupt import Interruptible
    from eva.cli.judges import JudgingFailed, in_chunks

    line = InOrder(len(steps), critique=critique)
    scores: list[StepScore] = []
    failure: JudgingFailed | None = None
    events = in_chunks(judge, steps, critique=critique, order=order, deadline=deadline)
    try:
        with Interruptible() as interruptible, closing(judge), closing(events):
            for event in interruptible.watch(events):
                for whole in line.take(event):
                    scores.append(whole)
                    printer.show(whole)
                printer.draft(line.draft())
                screen.done(line.scored + critique * len(scores))
    except JudgingFailed as error:
        failure = error
    late = failure is not None and failure.deadline
    left = list(line.rest("deadline" if late else "error", str(failure or "the model gave no score")))
    scores += left
    printer.draft(None)
    printer.end(scores, left)
    return scores, failure


def _look_under(
    threshold: float, file: str, steps: Sequence[ProofStep], scores: Sequence[StepScore]
) -> ExitCode:
    """Name the steps that `--fail-under` does not let pass: values under it, and no score to be trusted."""
    from eva.cli.show import STATUS_WORDS

    code = ExitCode.OK
    for score in scores:
        step = steps[score.index]
        if score.status != "scored":
            why = f"no score to compare with {threshold:g} ({STATUS_WORDS[score.status]})"
            code = code or ExitCode.MODEL
        elif score.value is not None and score.value < threshold:
            why = f"value {score.value:.3f} is under {threshold:g}"
            code = ExitCode.BELOW
        else:
            continue
        tell(f"{_where(file, step, score.index)}: {why}: {step.tactic.strip().splitlines()[0]}")
    return code


def _where(file: str, step: ProofStep, index: int) -> str:
    """`FILE:LINE:COLUMN` of a Lean file. A `steps.jsonl` does not say of which file its places are."""
    from eva.cli.show import place_of
    from eva.cli.sources import is_lean

    if is_lean(file):
        return f"{file}:{place_of(step)}"
    return f"step {index + 1} ({step.name or 'no name'}{' ' if place_of(step) else ''}{place_of(step)})"


def register(app: typer.Typer) -> None:
    """Add `eva score`."""
    app.command(help=HELP, epilog=EPILOG)(score)
