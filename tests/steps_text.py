"""The steps of a file as text, for comparison with a file that was read and found right."""

from __future__ import annotations

from eva.lean import FileSteps


def as_text(found: FileSteps) -> str:
    """Each step with all that is known of it, then the errors outside of any step."""
    lines: list[str] = []
    statement = None
    for step in found.steps:
        if (step.name, step.statement) != statement:
            lines += ["", f"## {step.name or '(no name)'}", *_indented(step.statement)]
            statement = (step.name, step.statement)
        lines += [f"{step.line}:{step.column}", *_indented(step.tactic), "  before"]
        for goal in step.goals or ("no goals",):
            lines += _indented(goal)
        if step.lean_error is None:
            lines.append("  after")
            for goal in step.goals_after or ("no goals",):
                lines += _indented(goal)
        else:
            lines += ["  error", *_indented(step.lean_error)]
    for error in found.errors:
        lines += ["", f"## error at {error.start[0]}:{error.start[1]}", *_indented(error.text)]
    return "\n".join(lines).strip() + "\n"


def _indented(text: str) -> list[str]:
    return [f"    {line}".rstrip() for line in text.split("\n")]
