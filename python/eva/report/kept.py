"""What hours of training gave, kept beside a report: every judgement and every search behind its tables.

From it a report is drawn anew, or gets another arm, without the trainings that are done; and whoever wants
another figure can take it from the judgements. The folder has the shape of `Settings.out`.
"""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eva.report.arms import SPLITS
from eva.report.plan import (
    COUNTED,
    FACTS,
    FILE,
    FREE,
    OtherSettings,
    Settings,
    scores_file,
    search_file,
    seeds_of,
    ways_of,
)

FOLDER = "kept"
PLACES = ("data", "out", "processes")  # of the machine that a report was made on


class NothingKept(ValueError):
    """A report has no such folder; the message names it and the remedy."""


def keep(settings: Settings, docs: Path) -> None:
    """Keep in `docs` what a report was made of; what was kept there before and is none of it goes."""
    folder = docs / FOLDER
    plain = {name: value for name, value in asdict(settings).items() if name not in PLACES}
    found = {FILE: json.dumps(plain, indent=2).encode() + b"\n"}
    found |= {name: (settings.out / name).read_bytes() for name in (COUNTED, FACTS)}
    for file in _behind(settings):
        found[f"{file.relative_to(settings.out)}.xz"] = lzma.compress(file.read_bytes(), preset=9)
    for old in [path for path in folder.rglob("*") if path.is_file()]:
        if str(old.relative_to(folder)) not in found:
            old.unlink()
    for name, content in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def kept_arms(docs: Path) -> list[str]:
    """The arms whose judgements are kept. Raises `NothingKept`."""
    return list(_settings(docs)["arms"])


def kept_note(docs: Path) -> str:
    """The paragraph in the head of the report whose judgements are kept."""
    return str(json.loads((docs / "report.json").read_text("utf-8"))["facts"].get("note", ""))


def lay_out(settings: Settings, docs: Path) -> None:
    """Lay what is kept in `docs` into `settings.out`, where it is not there yet.

    Before `Settings.claim`, which holds what was kept to what is asked for. Raises `NothingKept`,
    and `OtherSettings` where what is there already was made otherwise.
    """
    folder, out, known = docs / FOLDER, settings.out, _settings(docs)
    places = {name: asdict(settings)[name] for name in PLACES}
    own = {name: str(value) if isinstance(value, Path) else value for name, value in places.items()}
    content = {FILE: json.dumps(known | own).encode()}
    content |= {name: (folder / name).read_bytes() for name in (COUNTED, FACTS)}
    for name in (FILE, COUNTED):
        if (out / name).exists():
            _refuse_others(out, json.loads((out / name).read_text("utf-8")), json.loads(content[name]))
    for file in folder.rglob("*.xz"):
        content[str(file.relative_to(folder).with_suffix(""))] = lzma.decompress(file.read_bytes())
    for name, found in content.items():
        if not (out / name).exists():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            part = out / f"{name}.part"  # what is there is taken for whole
            part.write_bytes(found)
            os.utime(part, (0, 0))  # older than any model that is trained here
            part.replace(out / name)


def _refuse_others(out: Path, here: dict[str, Any], kept: dict[str, Any]) -> None:
    for name in sorted((here.keys() & kept.keys()) - {*FREE, *PLACES}):
        if here[name] != kept[name]:
            raise OtherSettings(
                f"{out} was made with {name} {here[name]}, what is kept with {kept[name]}: give another --out"
            )


def _settings(docs: Path) -> dict[str, Any]:
    file = docs / FOLDER / FILE
    if not file.exists():
        raise NothingKept(f"nothing is kept in {file.parent}: leave --kept out, and all is trained")
    return json.loads(file.read_text("utf-8"))  # type: ignore[no-any-return]


def _behind(settings: Settings) -> Iterator[Path]:
    """The files that a report of these settings reads, each once."""
    files = [
        scores_file(settings, arm, seed, split)
        for arm in settings.arms
        for seed in seeds_of(settings, arm)
        for split in SPLITS
    ]
    if settings.theorems:
        files += [search_file(settings, way, split) for way in ways_of(settings) for split in SPLITS]
    yield from dict.fromkeys(files)
