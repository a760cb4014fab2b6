"""A server in this process, with a stand-in for a model behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dealer import Dealer, dealing
from scripted import ScriptedJudge, Served, serving


@pytest.fixture
def judge() -> ScriptedJudge:
    return ScriptedJudge()


@pytest.fixture
def served(judge: ScriptedJudge) -> Iterator[Served]:
    with serving(judge, queue=100, batch=4) as served:
        yield served


@pytest.fixture
def dealer(served: Served) -> Iterator[Dealer]:
    with dealing(served.connection) as dealer:
        yield dealer
