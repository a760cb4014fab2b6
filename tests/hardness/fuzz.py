#!/usr/bin/env python3
"""Fuzzes the daemon's server at full size, or sees a failure again:

    make fuzz
    make fuzz FUZZ="--seed 7 --streams 1000000 --messages 0"
    make fuzz FUZZ="--replay .build/fuzz/streams-7-4800.json"

The same seed gives the same byte streams and the same messages. Exit codes: 0 nothing was found, 1 something
was; it has been saved, and the last line says how to see it again.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))

from message_fuzz import fuzz_messages, replay_messages
from stream_fuzz import fuzz_streams, replay_streams
from victim import Broken

FOLDER = Path(__file__).parents[2] / ".build" / "fuzz"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(2**31), help="default: a new one each time"
    )
    parser.add_argument("--streams", type=int, default=200_000, help="byte streams at the port (%(default)s)")
    parser.add_argument("--messages", type=int, default=50_000, help="structured messages (%(default)s)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="a saved failure")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        if options.replay is not None:
            replay = replay_streams if options.replay.name.startswith("streams") else replay_messages
            replay(options.replay, FOLDER)
            print("nothing was found this time")
        else:
            fuzz(options.seed, options.streams, options.messages)
    except Broken as error:
        print(error)
        return 1
    return 0


def fuzz(seed: int, streams: int, messages: int) -> None:
    print(f"seed {seed}", flush=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("byte streams", total=streams)
        fuzz_streams(
            seed, range(streams), FOLDER, progress=lambda done: progress.update(task, completed=done)
        )
        told = progress.add_task("messages", total=messages)
        fuzz_messages(seed, messages, FOLDER, progress=lambda done: progress.update(told, completed=done))


if __name__ == "__main__":
    sys.exit(main())
