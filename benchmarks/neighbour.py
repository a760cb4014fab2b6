"""The same judge behind what neighbours use: FastAPI on uvicorn. Needs `eva-lean[bench]`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Any

import httpx  # noqa: F401 - the clients use it: said here, before anything is started
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from benchmarks.costless import CostlessJudge, in_process
from eva.step import ProofStep, Scored


@contextmanager
def fastapi_server() -> Iterator[str]:
    """The server in its own process: its address."""
    with in_process(_serve) as (url, _):
        yield url


def _serve(pipe: Pipe) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    pipe.send(f"http://127.0.0.1:{listener.getsockname()[1]}")
    uvicorn.Server(uvicorn.Config(_app(), log_level="warning", access_log=False)).run(sockets=[listener])


def _app() -> FastAPI:
    """`/score` as FastAPI wants work that takes time: in a thread, else it would hold up all others.

    `/score_in_loop` runs the model in the event loop, which is fastest for one that costs nothing.
    """
    judge = CostlessJudge()
    app = FastAPI()

    def answer(asked: dict[str, Any]) -> Response:
        steps = [ProofStep.from_json(step) for step in asked["steps"]]
        events = judge.stream(steps, critique=asked["critique"], order=asked["order"])
        scores = [event.score.to_json() for event in events if isinstance(event, Scored)]
        found = {"id": asked["id"], "steps": scores, "model": judge.name}
        return Response(json.dumps(found, ensure_ascii=False), media_type="application/json")

    @app.post("/score")  # type: ignore[untyped-decorator]
    async def score(request: Request) -> Response:
        return await run_in_threadpool(answer, json.loads(await request.body()))

    @app.post("/score_in_loop")  # type: ignore[untyped-decorator]
    async def score_in_loop(request: Request) -> Response:
        return answer(json.loads(await request.body()))

    return app
