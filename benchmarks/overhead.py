"""What the daemon adds to a model that costs nothing, beside FastAPI + uvicorn + httpx."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks.clients import Crowd, Task, crowd
from benchmarks.costless import eva_daemon
from benchmarks.harness import Goal, Row, Size, alone, in_turn, missing, quantile, versus
from benchmarks.proofs import proof
from eva.step import ProofStep

TOPIC = "overhead"
PACE_S = 0.1
"""An editor asks about ten times a second."""
CLIENTS = 32
HALF = Goal("ratio", "≤", 0.5)
INSTALL = "not installed: pip install 'eva-lean[bench]'"
AGAINST = "FastAPI + uvicorn + httpx"


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    many = size.pick(CLIENTS, 3)
    request = [proof(30, 1)[20]]
    with ExitStack() as stack:
        one, all_ = stack.enter_context(crowd(1)), stack.enter_context(crowd(many))
        sides: dict[str, Any] = {"eva": stack.enter_context(eva_daemon())[0]}
        try:
            from benchmarks.neighbour import fastapi_server
        except ImportError:
            pass  # the rows say so
        else:
            url = stack.enter_context(fastapi_server())
            sides |= {"httpx": url, "httpx async": url}
        yield from _rows(size, one, all_, many, request, sides)


def _rows(
    size: Size, one: Crowd, all_: Crowd, many: int, request: list[ProofStep], sides: dict[str, Any]
) -> Iterator[Row]:
    def single(way: str) -> Task:
        return Task(way, sides[way], [request], count=size.pick(1000, 20))

    def paced(way: str, place: int) -> Task:
        delay = PACE_S * place / many
        return Task(way, sides[way], [request], count=size.pick(50, 5), interval=PACE_S, delay=delay)

    def busy(way: str) -> Task:
        return Task(way, sides[way], [request], seconds=size.pick(3, 1))

    yield from _latencies("1 client", size, {way: lambda way=way: one.run([single(way)]) for way in sides})
    yield from _latencies(
        f"{many} clients, ten requests a second each",
        size,
        {way: lambda way=way: all_.run([paced(way, place) for place in range(many)]) for way in sides},
    )

    def rate(way: str) -> Callable[[int], float]:
        return lambda number: sum(map(len, all_.run([busy(way)] * many))) / busy(way).seconds

    found = in_turn({way: rate(way) for way in sides}, size.rounds)
    name = f"requests answered, {many} clients one after the other"
    peers = {way: figures for way, figures in found.items() if way != "eva"}
    if not peers:
        yield alone(TOPIC, name, found["eva"], "requests/s", note=f"{AGAINST}: {INSTALL}")
        return
    best = max(peers, key=lambda way: quantile(peers[way], 0.5))
    yield versus(TOPIC, name, found["eva"], peers[best], "requests/s", against=f"{AGAINST} ({best} client)")


def _latencies(clients: str, size: Size, ways: dict[str, Callable[[], list[list[float]]]]) -> Iterator[Row]:
    """Round trips at the median and at the 99th of a hundred, of the same requests."""
    taken: dict[str, list[list[float]]] = {way: [] for way in ways}

    def round_of(way: str) -> Callable[[int], float]:
        def measure(number: int) -> float:
            trips = [trip * 1000 for client in ways[way]() for trip in client]
            if number:
                taken[way].append(trips)
            return quantile(trips, 0.5)

        return measure

    found = in_turn({way: round_of(way) for way in ways}, size.rounds)
    peers = [way for way in ways if way != "eva"]
    for share, label in ((0.5, "p50"), (0.99, "p99")):
        name = f"round trip, {clients}, {label}"
        ours = [quantile(trips, share) for trips in taken["eva"]]
        goal = Goal("ours", "≤", 0.5) if share == 0.5 else None
        yield alone(TOPIC, name, ours, "ms", goal=goal)
        versus_goal = HALF if share == 0.5 else None
        if not peers:
            yield missing(TOPIC, f"{name}, compared", "ms", INSTALL, against=AGAINST, goal=versus_goal)
            continue
        best = min(peers, key=lambda way: quantile(found[way], 0.5))
        theirs = [quantile(trips, share) for trips in taken[best]]
        against = f"{AGAINST} ({best} client)"
        yield versus(TOPIC, f"{name}, compared", ours, theirs, "ms", against=against, goal=versus_goal)
