"""Steps of whole repositories, traced by LeanDojo (Yang et al., arXiv 2306.15626).

LeanDojo builds a repository with `lake`, and records every tactic with the states around it. What becomes of
its tactics here is what `eva.lean.steps` makes of the tactics of a file: headers are cut at their word,
bullets only arrange, combinators and one-line steps stay whole. Where a step holds others, the state after it
is left out; a `calc` stays whole.

LeanDojo is imported in here only, and late: it takes more than a second, runs git, reads an `.env` file, logs
in to GitHub where `GITHUB_ACCESS_TOKEN` is set, and looks for traces that others have made in a cache of its
own. The `.env` file and that cache are switched off, so that every state was traced on this machine.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from eva.data.goals import split_goals
from eva.step import ProofStep

_ARRANGING = re.compile(r"(?:·|\.(?=\s)|case'?\s|next\b|focus\b|[{(])")
_WHOLE = re.compile(
    r"(?:all_goals|any_goals|try|repeat1?'?|first|iterate|solve|fail_if_success|calc)\b|(?s:.)*<;>"
)
_OPENS = re.compile(r"\b(?:with|then|by)(?=[ \t]*(?:\n|\Z))")


class TraceFailed(RuntimeError):
    """LeanDojo did not trace the repository, or its trace cannot be read; the message says why."""


def trace(source: str) -> Iterator[ProofStep]:
    """The steps of all theorems in `source`: a folder that LeanDojo has traced, or `REPO@COMMIT`.

    REPO is `owner/name` on GitHub, any other git URL, or a folder with a git repository. Tracing one needs
    the network, `git` and `lake`, and takes about half as long again as building it; reading a folder needs
    git alone. Raises `TraceFailed`.
    """
    folder = Path(source)
    if folder.is_dir() and any(_traces(folder)):
        return _steps_in(folder)
    repository, at, commit = source.rpartition("@")
    if not at or not repository or not commit:
        raise TraceFailed(f"{source} is neither REPO@COMMIT nor a folder that LeanDojo has traced")
    url = f"https://github.com/{repository}" if re.fullmatch(r"[\w.-]+/[\w.-]+", repository) else repository
    if Path(repository).is_dir():
        url = str(Path(repository).resolve())
    with _lean_dojo(offline=False) as dojo, _explained(source):
        folder = dojo.get_traced_repo_path(dojo.LeanGitRepo(url, commit), build_deps=False)
    return _steps_in(folder)


def _traces(folder: Path) -> Iterator[Path]:
    return folder.glob(".lake/build/ir/**/*.ast.json")


def _steps_in(folder: Path) -> Iterator[ProofStep]:
    root = folder.resolve()
    with _lean_dojo(offline=True) as dojo, _explained(str(folder)):
        here = _place_of(dojo, root)
        files = [dojo.TracedFile.from_traced_file(root, path, here) for path in sorted(_traces(root))]
        repo = dojo.TracedRepo(here, {}, root, files, None)
        for file in files:
            file.traced_repo = repo
            for theorem in file.get_traced_theorems():
                if theorem.has_tactic_proof():
                    yield from _steps(theorem)


def _place_of(dojo: ModuleType, root: Path) -> Any:
    """LeanDojo's record of a repository, for a folder: its own would ask GitHub, and copy the folder."""

    class Here(dojo.LeanGitRepo):  # type: ignore[misc, name-defined]
        def __post_init__(self) -> None:
            pass

    return Here(str(root), "")


def _steps(theorem: Any) -> Iterator[ProofStep]:
    statement = theorem.get_theorem_statement().removesuffix(":=").rstrip()
    earlier: list[str] = []
    for tactic, text, holds in _kept(theorem.get_traced_tactics()):
        yield ProofStep(
            goals=split_goals(tactic.state_before),
            tactic=text,
            statement=statement,
            earlier=tuple(earlier),
            goals_after=None if holds else split_goals(tactic.state_after),
            name=theorem.theorem.full_name,
            line=tactic.start.line_nb,
            column=tactic.start.column_nb - 1,
        )
        earlier.append(text)


def _kept(tactics: Sequence[Any]) -> Iterator[tuple[Any, str, bool]]:
    """The tactics that are steps, in the order of the source: text, and whether it holds other steps."""
    last = None  # the end of the last step that was kept whole
    ordered = sorted(tactics, key=lambda t: (t.start, (-t.end.line_nb, -t.end.column_nb)))
    for index, tactic in enumerate(ordered):
        if last is not None and tactic.start < last:
            continue
        holds = index + 1 < len(ordered) and ordered[index + 1].start < tactic.end
        if holds and _ARRANGING.match(tactic.tactic):
            continue
        one_line = tactic.start.line_nb == tactic.end.line_nb
        opening = None if one_line or _WHOLE.match(tactic.tactic) else _OPENS.search(tactic.tactic)
        if holds and opening:
            yield tactic, tactic.tactic[: opening.end()], True
        else:
            last = tactic.end
            yield tactic, tactic.tactic, False


@contextmanager
def _lean_dojo(offline: bool) -> Iterator[ModuleType]:
    """LeanDojo, imported without its surprises."""
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    os.environ["DISABLE_REMOTE_CACHE"] = "1"
    token = os.environ.pop("GITHUB_ACCESS_TOKEN", None) if offline else None
    try:
        with _explained("lean-dojo"):
            try:
                import lean_dojo
            except ModuleNotFoundError as error:
                raise TraceFailed(
                    f"tracing needs lean-dojo, which is not installed ({error}): it runs on Python 3.9 "
                    f"to 3.12, this is {platform.python_version()}; pip install lean-dojo there"
                ) from None
    finally:
        if token is not None:
            os.environ["GITHUB_ACCESS_TOKEN"] = token
    yield lean_dojo


@contextmanager
def _explained(source: str) -> Iterator[None]:
    """Whatever LeanDojo raises (assertions, exceptions of git, GitHub, lake) as one error with its source."""
    try:
        yield
    except TraceFailed:
        raise
    except Exception as error:
        said = str(error).strip().split("\n")[0]
        raise TraceFailed(f"LeanDojo failed on {source}: {type(error).__name__}: {said}") from error
