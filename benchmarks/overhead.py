"""What the daemon adds to a model that costs nothing, beside FastAPI + uvicorn + httpx."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from benchmarks.clients import Crowd, Task, gathered
from benchmarks.costless import eva_daemon
from benchmarks.harness import Goal, Row, Size, alone, in_turn, missing, quantile, versus
from benchmarks.proofs import proof

TOPIC = "overhead"
PACE_S = 0.1
"""An editor asks about ten times a second."""
CLIENTS = 32
LATENCY = Goal("ours", "≤", 0.5)
HALF = Goal("ratio", "≤", 0.5)
EVA = "eva"
PEER = "FastAPI + uvicorn + httpx"
IN_LOOP = f"{PEER}, the model in the event loop"
INSTALL = "not installed: pip install 'eva-lean[bench]'"
REQUEST = [proof(30, 1)[20]]

Sides = Mapping[str, tuple[str, Any]]
"""What is compared: for each name the client library, and where it asks."""
Trips = Callable[[str, Any], list[list[float]]]
"""The round trips of all clients in seconds, by client library and place."""


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    with ExitStack() as stack:
        one, all_ = stack.enter_context(gathered(1)), stack.enter_context(gathered(size.pick(CLIENTS, 3)))
        sides: dict[str, tuple[str, Any]] = {EVA: ("eva", stack.enter_context(eva_daemon())[0])}
        try:
            from benchmarks.neighbour import fastapi_server
        except ImportError:
            pass  # the rows say so
        else:
            url = stack.enter_context(fastapi_server())
            for client in ("httpx", "httpx async"):
                sides[f"{PEER} ({client} client)"] = (client, f"{url}/score")
                sides[f"{IN_LOOP} ({client} client)"] = (client, f"{url}/score_in_loop")
        yield from _latencies("1 client", size, sides, lambda way, at: one.run([_single(way, at, size)]))
        yield from _latencies(
            f"{len(all_)} clients, ten requests a second each",
            size,
            sides,
            lambda way, at: all_.run([_paced(way, at, i, len(all_), size) for i in range(len(all_))]),
        )
        yield from _throughput(size, all_, sides)


def _single(way: str, where: Any, size: Size) -> Task:
    return Task(way, where, [REQUEST], REQUEST, count=size.pick(1000, 20))


def _paced(way: str, where: Any, place: int, of: int, size: Size) -> Task:
    """The clients ask at different moments."""
    count = size.pick(50, 5)
    return Task(way, where, [REQUEST], REQUEST, count, interval=PACE_S, delay=PACE_S * place / of)


def _latencies(clients: str, size: Size, sides: Sides, trips: Trips) -> Iterator[Row]:
    """Round trips at the median and at the 99th of a hundred, of the same requests."""
    taken: dict[str, list[list[float]]] = {side: [] for side in sides}

    def round_of(side: str) -> Callable[[int], float]:
        def measure(number: int) -> float:
            found = [trip * 1000 for client in trips(*sides[side]) for trip in client]
            if number:
                taken[side].append(found)
            return quantile(found, 0.5)

        return measure

    medians = in_turn({side: round_of(side) for side in sides}, size.rounds)
    for share, label in ((0.5, "p50"), (0.99, "p99")):
        name = f"round trip, {clients}, {label}"
        ours = [quantile(found, share) for found in taken[EVA]]
        yield alone(TOPIC, name, ours, "ms", goal=LATENCY if label == "p50" else None)
        for peer in (PEER, IN_LOOP):
            goal = HALF if label == "p50" and peer == PEER else None
            named = f"{name}, beside {'FastAPI' if peer == PEER else 'FastAPI without threads'}"
            best = _best(peer, medians, min)
            if best is None:
                yield missing(TOPIC, named, "ms", INSTALL, against=peer, goal=goal)
                continue
            theirs = [quantile(found, share) for found in taken[best]]
            yield versus(TOPIC, named, ours, theirs, "ms", against=best, goal=goal)


def _throughput(size: Size, crowd: Crowd, sides: Sides) -> Iterator[Row]:
    """Requests a second when each client asks again as soon as it is answered."""
    duration = size.pick(3, 1)

    def rate(way: str, where: Any) -> Callable[[int], float]:
        tasks = [Task(way, where, [REQUEST], REQUEST, seconds=duration)] * len(crowd)
        return lambda number: sum(map(len, crowd.run(tasks))) / duration

    found = in_turn({side: rate(*at) for side, at in sides.items()}, size.rounds)
    for peer in (PEER, IN_LOOP):
        beside = "FastAPI" if peer == PEER else "FastAPI without threads"
        name = f"requests answered, {len(crowd)} clients without a pause, beside {beside}"
        best = _best(peer, found, max)
        if best is None:
            yield missing(TOPIC, name, "requests/s", INSTALL, against=peer)
        else:
            yield versus(TOPIC, name, found[EVA], found[best], "requests/s", against=best)


def _best(peer: str, figures: Mapping[str, list[float]], choose: Callable[..., str]) -> str | None:
    """The faster of a peer's two clients; `None` where the peer is not there."""
    there = [side for side in figures if side.startswith(f"{peer} (")]
    return choose(there, key=lambda side: quantile(figures[side], 0.5)) if there else None
