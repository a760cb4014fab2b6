"""Messages: the vectors that both languages read, the limits, and anything at all."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eva import protocol
from eva.protocol import BadEvent, Failure, Health, ProtocolError, ScoreRequest
from eva.step import CritiquePiece, ProofStep, Scored

VECTORS = Path(__file__).parent.parent / "vectors"


def vectors(name: str) -> list[Any]:
    found = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    assert len({vector["name"] for vector in found}) == len(found)
    return [pytest.param(vector, id=vector["name"]) for vector in found]


def raw(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["hex"]) if "hex" in vector else vector["raw"].encode("utf-8")


def request_as_expected(request: protocol.Request) -> dict[str, Any]:
    out: dict[str, Any] = {"type": type(request).__name__.removesuffix("Request").lower(), "id": request.id}
    if isinstance(request, ScoreRequest):
        out |= {"critique": request.critique, "order": request.order, "deadline_ms": request.deadline_ms}
        fields = ProofStep.__dataclass_fields__
        out["steps"] = [{key: plain(getattr(step, key)) for key in fields} for step in request.steps]
    return out


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def event_as_expected(id: str, event: protocol.Event) -> dict[str, Any]:
    if isinstance(event, Scored):
        return {"type": "score", "id": id, **event.score.to_json()}
    if isinstance(event, CritiquePiece):
        return {
            "type": "critique",
            "id": id,
            "index": event.index,
            "text": event.text,
            "final": event.final,
        }
    kind = {Failure: "error", Health: "health"}.get(type(event), "done")
    out = {key: plain(getattr(event, key)) for key in type(event).__dataclass_fields__}
    if isinstance(event, Health) and event.work is None:
        del out["work"]
    if isinstance(event, Failure) and not event.versions:
        del out["versions"]
    return {"type": kind, "id": id, **out}


@pytest.mark.parametrize("vector", vectors("requests.json"))
def test_good_request(vector: dict[str, Any]) -> None:
    request = protocol.parse_request(raw(vector))
    assert request_as_expected(request) == vector["expect"]
    again = protocol.encode_request(request)
    assert protocol.parse_request(again) == request
    if vector.get("encode"):
        assert json.loads(again) == json.loads(vector["raw"])


@pytest.mark.parametrize("vector", vectors("bad_requests.json"))
def test_bad_request(vector: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refused:
        protocol.parse_request(raw(vector))
    assert (refused.value.code, refused.value.id) == (vector["error"], vector["id"])
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("vector", vectors("events.json"))
def test_good_event(vector: dict[str, Any]) -> None:
    id, event = protocol.parse_event(raw(vector))
    assert event_as_expected(id, event) == vector["expect"]
    again = protocol.encode_event(id, event)
    assert protocol.parse_event(again) == (id, event)
    if vector.get("encode"):
        assert json.loads(again) == json.loads(vector["raw"])


@pytest.mark.parametrize("vector", vectors("bad_events.json"))
def test_bad_event(vector: dict[str, Any]) -> None:
    with pytest.raises(BadEvent):
        protocol.parse_event(raw(vector))


def a_request(size: int) -> bytes:
    """A good request of exactly `size` bytes."""
    step = {"goals": [""], "tactic": "simp"}
    message = {"eva": 1, "type": "score", "id": "r1", "steps": [step]}
    step["goals"] = ["x" * (size - len(json.dumps(message)))]
    return json.dumps(message).encode()


def test_the_largest_message_is_read_and_one_byte_more_is_not() -> None:
    assert isinstance(protocol.parse_request(a_request(protocol.MAX_BYTES)), ScoreRequest)
    with pytest.raises(ProtocolError) as refused:
        protocol.parse_request(a_request(protocol.MAX_BYTES + 1))
    assert refused.value.code == "too_large"
    assert str(protocol.MAX_BYTES) in refused.value.message
    assert str(protocol.MAX_BYTES + 1) in refused.value.message


def test_a_thousand_steps_are_read() -> None:
    message = {"eva": 1, "type": "score", "id": "r1", "steps": [{"goals": [], "tactic": "a"}] * 1000}
    request = protocol.parse_request(json.dumps(message).encode())
    assert isinstance(request, ScoreRequest)
    assert len(request.steps) == 1000


@pytest.mark.parametrize("pattern", [b"[", b'{"a":', b'"\\', b'\\"', b"9", b'"a",'], ids=repr)
def test_hostile_repetition_is_refused_in_linear_time(pattern: bytes) -> None:
    """A quadratic scan of these four million bytes would take hours; the suite's time limit would end it."""
    message = (pattern * protocol.MAX_BYTES)[: protocol.MAX_BYTES]
    with pytest.raises(ProtocolError) as refused:
        protocol.parse_request(message)
    assert refused.value.code == "bad_request"


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        protocol.encode_event("r1", protocol.Done(1, "m", float("nan")))


def read_or_refuse(frame: bytes) -> None:
    """Anything but a message or the one kind of refusal is a failure."""
    with contextlib.suppress(ProtocolError):
        protocol.parse_request(frame)
    with contextlib.suppress(BadEvent):
        protocol.parse_event(frame)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SEEDS = [
    json.loads(param.values[0]["raw"])  # type: ignore[union-attr, index]
    for name in ("requests.json", "events.json")
    for param in vectors(name)
]


def containers(value: Any) -> Iterator[Any]:
    """All objects and arrays in a JSON value that hold something."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_a_message_with_one_place_replaced_is_read_or_refused(seed: Any, data: st.DataObject) -> None:
    message = json.loads(json.dumps(seed))
    target = data.draw(st.sampled_from(list(containers(message))))
    keys = list(target) if isinstance(target, dict) else list(range(len(target)))
    target[data.draw(st.sampled_from(keys))] = data.draw(JSON)
    read_or_refuse(json.dumps(message).encode())
