"""What those see who look after the daemon: `eva status`, `eva top`, Prometheus."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from eva.cli.health import prometheus, summary, table
from eva.protocol import BadEvent, Health, Times, Work, encode_event, parse_event

WORK = Work(
    outcomes={"done": 12, "busy": 2},
    refused_clients=3,
    batches=40,
    batch_limit=16,
    scores_remembered=25,
    tokens=4000,
    tokens_computed=1000,
    critique_tokens=500,
    first_score=Times(31.25, 92.5, 14),
    answer=Times(108.0, 202.0, 12),
    memory_bytes=600 * 2**20,
)
HEALTH = Health(
    version="0.1.0", pid=4711, model='odd "name"', scale=(1, 5), dimensions=("logic",),
    weights={"logic": 1.0}, uptime_s=3700.0, queued_steps=7, queue_limit=4096, running_steps=16,
    scored_steps=100, work=WORK,
)  # fmt: skip


def test_work_travels():
    assert parse_event(encode_event("h", HEALTH)) == ("h", HEALTH)
    bare = replace(HEALTH, work=None)
    assert "work" not in json.loads(encode_event("h", bare))
    assert parse_event(encode_event("h", bare)) == ("h", bare)
    unknown = replace(HEALTH, work=replace(WORK, memory_bytes=None, answer=None))
    assert parse_event(encode_event("h", unknown)) == ("h", unknown)


@pytest.mark.parametrize("key", ["batches", "outcomes", "answer"])
def test_bad_work_is_refused(key):
    event = json.loads(encode_event("h", HEALTH))
    event["work"][key] = "many"
    with pytest.raises(BadEvent, match="many"):
        parse_event(json.dumps(event).encode())


def test_the_summary_says_what_matters():
    text = "\n".join(summary(HEALTH))
    for part in ("100 steps scored in 1 h 1 min", "7 of at most 4096 waiting", "108.0 / 202.0 ms", "600 MiB"):
        assert part in text
    assert "75% of prompt tokens not read again" in text


def test_the_table_shows_rates_since_the_last_look():
    console = Console(width=100, record=True, file=StringIO())
    console.print(table(replace(HEALTH, scored_steps=150), HEALTH, 2.0))
    text = console.export_text()
    assert re.search(r"scored +150 +25.0 a second", text)
    assert re.search(r"requests +14 +2 busy, 12 done", text)


def test_prometheus_reads_it():
    text = prometheus(HEALTH)
    sample = re.compile(r'eva_[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\})? [0-9.e+-]+')
    kinds: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split(" ")
            kinds[name] = kind
        elif not line.startswith("# HELP"):
            assert sample.fullmatch(line), line
            assert re.match(r"[a-z_]+", line)[0] in kinds  # type: ignore[index]
    assert text.endswith("\n")
    assert kinds["eva_scored_steps_total"] == "counter"
    assert 'eva_requests_total{outcome="done"} 12' in text
    assert 'eva_answer_milliseconds{quantile="0.99"} 202' in text
    assert r'model="odd \"name\""' in text
