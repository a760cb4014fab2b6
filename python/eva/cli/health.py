"""The daemon's health in words, as a live table, and as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from eva.protocol import Health, Times, Work

PREFIX = "eva_"


def duration(seconds: float) -> str:
    """`12 s`, `3 min` or `4 h 5 min`."""
    minutes, hours = int(seconds) // 60, int(seconds) // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


def summary(health: Health) -> Iterator[str]:
    """A few lines for `eva status`."""
    yield (
        f"{health.scored_steps} steps scored in {duration(health.uptime_s)}, "
        f"{health.running_steps} in hand, {health.queued_steps} of at most {health.queue_limit} waiting"
    )
    if (work := health.work) is None:
        return
    if work.answer is not None:
        first = f", first score {_times(work.first_score)}" if work.first_score else ""
        yield f"answers {_times(work.answer)}{first} (the latest {work.answer.requests} requests)"
    yield (
        f"{work.batches} batches, {work.scores_remembered} scores remembered, "
        f"{_saved(work)} of prompt tokens not read again, {_memory(work)}"
    )


def table(health: Health, before: Health | None, seconds: float) -> Table:
    """What `eva top` shows; rates are those since `before`, `seconds` ago."""
    view = Table(
        title=f"{health.model}, {health.state}, pid {health.pid}, up {duration(health.uptime_s)}",
        title_justify="left",
        show_header=False,
        box=None,
        pad_edge=False,
    )
    view.add_column(style="dim")
    view.add_column(justify="right")
    view.add_column(style="dim")
    view.add_row("waiting", f"{health.queued_steps}", f"steps, of at most {health.queue_limit}")
    view.add_row("in hand", f"{health.running_steps}", "steps")
    view.add_row(
        "scored",
        f"{health.scored_steps}",
        _rate(health.scored_steps, before.scored_steps if before else None, seconds),
    )
    if (work := health.work) is None:
        return view
    was = before.work if before is not None else None
    view.add_row("remembered", f"{work.scores_remembered}", "scores of equal steps")
    view.add_row("not read again", _saved(work), "of prompt tokens")
    view.add_row(
        "critiques",
        f"{work.critique_tokens}",
        "tokens " + _rate(work.critique_tokens, was.critique_tokens if was else None, seconds),
    )
    view.add_row("batches", f"{work.batches}", f"of at most {work.batch_limit} steps")
    view.add_row("first score", _times(work.first_score), "p50 / p99")
    view.add_row("whole answer", _times(work.answer), "p50 / p99")
    ended = ", ".join(f"{count} {name}" for name, count in sorted(work.outcomes.items()))
    view.add_row("requests", f"{sum(work.outcomes.values())}", ended)
    view.add_row("refused", f"{work.refused_clients}", "clients with a wrong token")
    view.add_row("memory", _memory(work), "resident")
    return view


def prometheus(health: Health) -> str:
    """Prometheus' text format, version 0.0.4: one sample a line, after its help and type."""
    lines: list[str] = []

    def sample(name: str, kind: str, about: str, *values: tuple[str, float | None]) -> None:
        known = [(labels, value) for labels, value in values if value is not None]
        if known:
            lines.extend((f"# HELP {PREFIX}{name} {about}", f"# TYPE {PREFIX}{name} {kind}"))
            lines.extend(f"{PREFIX}{name}{labels} {value:.10g}" for labels, value in known)

    model = health.model.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    sample(
        "info",
        "gauge",
        "The daemon, its version and model.",
        (_labels(version=health.version, model=model), 1),
    )
    sample("ready", "gauge", "1 while requests are taken.", ("", health.state == "ready"))
    sample("uptime_seconds", "gauge", "Seconds since the start.", ("", health.uptime_s))
    sample("queued_steps", "gauge", "Steps that wait.", ("", health.queued_steps))
    sample("running_steps", "gauge", "Steps that the model has in hand.", ("", health.running_steps))
    sample("queue_limit_steps", "gauge", "The most steps that may wait.", ("", health.queue_limit))
    sample("scored_steps_total", "counter", "Steps scored.", ("", health.scored_steps))
    if (work := health.work) is not None:
        sample(
            "requests_total",
            "counter",
            "Requests that have ended, by how.",
            *((_labels(outcome=name), count) for name, count in sorted(work.outcomes.items())),
        )
        sample("refused_clients_total", "counter", "Wrong tokens or keys.", ("", work.refused_clients))
        sample("batches_total", "counter", "Times that steps went to the model.", ("", work.batches))
        sample("remembered_scores_total", "counter", "Scores that were known.", ("", work.scores_remembered))
        sample("tokens_total", "counter", "Tokens of prompts and score objects.", ("", work.tokens))
        sample("computed_tokens_total", "counter", "Positions computed.", ("", work.tokens_computed))
        sample("critique_tokens_total", "counter", "Tokens of critiques.", ("", work.critique_tokens))
        sample("resident_memory_bytes", "gauge", "Resident memory.", ("", work.memory_bytes))
        for name, times in (("first_score", work.first_score), ("answer", work.answer)):
            about = f"Milliseconds from arrival to the {name.replace('_', ' ')}, of the latest requests."
            if times is not None:
                quantiles = (("0.5", times.p50_ms), ("0.99", times.p99_ms))
                samples = [(_labels(quantile=q), value) for q, value in quantiles]
                sample(f"{name}_milliseconds", "gauge", about, *samples)
    return "\n".join(lines) + "\n"


def _labels(**labels: str) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def _times(times: Times | None) -> str:
    return f"{times.p50_ms:.1f} / {times.p99_ms:.1f} ms" if times else "-"


def _saved(work: Work) -> str:
    return f"{max(0.0, 1 - work.tokens_computed / work.tokens):.0%}" if work.tokens else "-"


def _memory(work: Work) -> str:
    return f"{work.memory_bytes / 2**20:.0f} MiB" if work.memory_bytes else "memory unknown"


def _rate(now: int, before: int | None, seconds: float) -> str:
    return f"{(now - before) / seconds:.1f} a second" if before is not None and seconds > 0 else ""
