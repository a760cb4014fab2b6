"""Rows for readers: a table in the terminal, the same in Markdown for the docs, and a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HEADINGS = ("", "ours", "theirs", "unit", "ratio", "goal", "met")
NOTHING_YET = "_Nothing has been measured yet: `make bench`._"

Rows = Sequence[Mapping[str, Any]]


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "–"
    if value and abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratio(row: Mapping[str, Any]) -> str:
    """The ratio with its range over the rounds."""
    if row["ratio"] is None:
        return "–"
    low, high = row["spread"]
    around = "" if low == high else f" ({number(low)}–{number(high)})"
    return number(row["ratio"]) + around


def met(row: Mapping[str, Any]) -> str:
    return {True: "yes", False: "no", None: "–" if row["goal"] is None else "not measured"}[row["met"]]


def cells(row: Mapping[str, Any]) -> list[str]:
    """The columns of `HEADINGS`."""
    ours, theirs = number(row["ours"]), number(row["theirs"])
    return [row["name"], ours, theirs, row["unit"], ratio(row), row["goal"] or "–", met(row)]


def print_table(rows: Rows) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*HEADINGS, box=None, pad_edge=False)
    topic = None
    for row in rows:
        if row["topic"] != topic:
            topic = row["topic"]
            table.add_row(Text(topic, style="bold"))
        style = {True: "green", False: "bold red", None: ""}[row["met"]]
        table.add_row(*map(Text, cells(row)[:-1]), Text(met(row), style=style))
        for words in (f"against {row['against']}" if row["against"] else "", row["note"]):
            if words:
                table.add_row(Text(f"  {words}", style="dim"))
    Console(width=None if Console().is_terminal else 160).print(table)


def markdown(data: Mapping[str, Any]) -> str:
    """All rows by topic, and under each table where it was taken."""
    if not data["rows"]:
        return NOTHING_YET
    parts = []
    for topic in dict.fromkeys(row["topic"] for row in data["rows"]):
        lines = [f"### {topic}", "", "| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
        for row in data["rows"]:
            if row["topic"] == topic:
                first, *others = cells(row)
                words = "; ".join(
                    w for w in (row["against"] and f"against {row['against']}", row["note"]) if w
                )
                first += f"<br><small>{words}</small>" if words else ""
                lines.append("| " + " | ".join([first, *others]) + " |")
        parts.append("\n".join([*lines, "", _taken(data["runs"][topic])]))
    return "\n\n".join(parts)


def write_docs(data: Mapping[str, Any], page: Path) -> None:
    """Put the figures between the marks of `page`. Raises `ValueError` where the marks are not there."""
    text = page.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} must hold the lines {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{markdown(data)}\n{END}{after}", "utf-8")


def plot(rows: Rows, file: Path) -> None:
    """How far each row is from its goal: right of the line is better, on a logarithmic scale."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"font.size": 9})
    from matplotlib import pyplot

    held = [(row, margin) for row in rows if (margin := _margin(row)) is not None]
    figure, axis = pyplot.subplots(figsize=(9, 1.2 + 0.3 * len(held)), layout="constrained")
    for place, (row, margin) in enumerate(reversed(held)):
        axis.barh(place, margin - 1, left=1, color="tab:green" if row["met"] else "tab:red", height=0.6)
    names = [f"{row['topic']}: {row['name']}  ({row['goal']})" for row, _ in reversed(held)]
    axis.set_yticks(range(len(held)), names, fontsize=7)
    axis.set(xscale="log", xlabel="times as good as the goal")
    axis.axvline(1, color="black", linewidth=0.8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=130, metadata={"Software": None})
    pyplot.close(figure)


def _margin(row: Mapping[str, Any]) -> float | None:
    """How many times as good as its goal a row is; `None` without goal or figure."""
    if row["goal"] is None or row["met"] is None:
        return None
    of, sign, bound = row["goal"].split()
    value: float = row[of]
    if not value:
        return None
    return float(bound) / value if sign == "≤" else value / float(bound)


def _taken(run: Mapping[str, Any]) -> str:
    where = run["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    load = where["load"][0] if where["load"] else "unknown"
    gpu = f", {where['gpu']}" if where["gpu"] else ""
    return (
        f"`{run['command']}` on {run['taken'][:10]}, commit {run['commit']}: {where['cpu']}, "
        f"{where['cores']} cores{gpu}, Python {where['python']}, {versions}; load {load} at the start; "
        f"{run['seconds']:.0f} s."
    )
