"""The same judge behind what neighbours use: FastAPI on uvicorn. Needs `eva-lean[bench]`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe

import httpx  # noqa: F401 - the clients use it: said here, before anything is started
import uvicorn
from fastapi import FastAPI, Request, Response

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
    pipe.send(f"http://127.0.0.1:{listener.getsockname()[1]}/score")
    uvicorn.Server(uvicorn.Config(_app(), log_level="warning", access_log=False)).run(sockets=[listener])


def _app() -> FastAPI:
    """As its users write it, but that the model is called in the event loop: for this one that is fastest."""
    judge = CostlessJudge()
    app = FastAPI()

    @app.post("/score")
    async def score(request: Request) -> Response:
        asked = json.loads(await request.body())
        steps = [ProofStep.from_json(step) for step in asked["steps"]]
        events = judge.stream(steps, critique=asked["critique"], order=asked["order"])
        scores = [event.score.to_json() for event in events if isinstance(event, Scored)]
        answer = {"id": asked["id"], "steps": scores, "model": judge.name}
        return Response(json.dumps(answer, ensure_ascii=False), media_type="application/json")

    return app
