"""The labelled steps that `make nano` and `make report` stand on.

Labelling takes Lean about a quarter of an hour on two cores for a thousand theorems, so finished shards are
kept in `labelled/core`, compressed: they are unpacked, and only those that are missing are labelled. As a
program: label (more of) them and keep them.
"""

from __future__ import annotations

import argparse
import lzma
import subprocess
import sys
from pathlib import Path

from eva.data.dataset import PARTIAL, PLAN, OtherPlan, Plan, assemble, hold_to_options, note_size, noted_size

SEED = 4
THEOREMS = 10_400
SHARD = 800  # theorems: a longer run with this seed begins with those of a shorter one
CHECKOUT = Path(__file__).resolve().parent.parent
KEPT = CHECKOUT / "labelled" / "core"


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument(
        "--data", type=Path, default=CHECKOUT / "data" / "nano", help="where they are unpacked"
    )
    words.add_argument("--theorems", type=int, default=THEOREMS, help=f"a multiple of {SHARD}")
    words.add_argument("--jobs", type=int, default=2, help="Lean processes at a time")
    chosen = words.parse_args()
    try:
        hold(chosen.data)  # before shards of another seed are kept
    except OtherPlan as error:
        print(error, file=sys.stderr)
        return 2
    code = label(chosen.data, chosen.theorems, chosen.jobs)
    keep(chosen.data)
    return code


def label(data: Path, theorems: int, jobs: int) -> int:
    """Make the labelled steps, or go on with them; an exit code.

    Finished ones are left alone, but where they have fewer shards than are asked for. A number of theorems
    that would end in a short shard is refused: all kept shards are whole.
    """
    if theorems < 1 or theorems % SHARD:
        whole = max(1, -(-theorems // SHARD)) * SHARD
        print(f"{theorems} theorems are no whole shards of {SHARD}: ask for {whole}", file=sys.stderr)
        return 2
    shards = [_whole(file) for file in (data / "shards").glob("*.jsonl")]
    finished = (data / "held_out.jsonl").exists() and not (data / PARTIAL).exists()
    if finished and not (shards and sum(shards) * SHARD < theorems):
        if shards and not (data / PLAN).exists():
            hold(data)  # unpacked before unpacking wrote a plan
        return 0
    size = ["--theorems", str(theorems), "--seed", str(SEED), "--shard", str(SHARD)]
    try:
        there = unpack(data, theorems // SHARD)
    except OtherPlan as error:
        print(error, file=sys.stderr)
        return 2
    if there * SHARD >= theorems:
        assemble(data, SEED)
        (data / PARTIAL).unlink(missing_ok=True)
        return 0
    words = ["data", "generate", "--out", str(data), *size, "--jobs", str(jobs), "--resume"]
    return subprocess.run([sys.executable, "-m", "eva", *words], check=False).returncode


def unpack(data: Path, count: int, kept: Path = KEPT) -> int:
    """Lay the first `count` kept shards into a data folder, and return how many it has of these.

    Raises `OtherPlan` where it holds shards of other options.
    """
    hold(data)
    shards = data / "shards"
    shards.mkdir(parents=True, exist_ok=True)
    for file in sorted(kept.glob("*.jsonl.xz"))[:count]:
        target = shards / file.stem
        if not _whole(target):
            part = target.with_suffix(".part")
            part.write_bytes(lzma.decompress(file.read_bytes()))
            part.replace(target)
            note_size(target, SHARD)
    return sum(_whole(shards / f"{number:04}.jsonl") for number in range(count))


def hold(data: Path) -> None:
    """Hold a data folder to the options of the kept shards, written into it where it has none.

    Raises `OtherPlan`.
    """
    hold_to_options(Plan(THEOREMS, SEED, data, shard=SHARD))


def keep(data: Path, kept: Path = KEPT) -> None:
    """Compress the shards of a data folder that are not kept yet."""
    kept.mkdir(parents=True, exist_ok=True)
    for shard in sorted((data / "shards").glob("*.jsonl")):
        target = kept / f"{shard.name}.xz"
        if _whole(shard) and not target.exists():
            target.write_bytes(lzma.compress(shard.read_bytes(), preset=9 | lzma.PRESET_EXTREME))


def _whole(shard: Path) -> bool:
    """Whether a shard is there and not noted as the short last one of a run."""
    return shard.exists() and (noted_size(shard) or SHARD) >= SHARD


if __name__ == "__main__":
    sys.exit(main())
