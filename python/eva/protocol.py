"""The messages of `docs/protocol.md`: requests parsed and checked, events encoded, and the client's half.

Pure: no socket, no clock, no log. Whoever logs a `ProtocolError` logs its code: the message may quote what
the client sent.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from eva.json_text import BadJson, dump, load, shown
from eva.step import ORDERS, BadStep, CritiquePiece, DimensionScore, Order, ProofStep, Scored, StepScore

VERSION = 1
VERSIONS = (VERSION,)
MAX_BYTES = 4 * 1024 * 1024
"""The longest message that is read; a longer one is answered with `too_large`."""
MAX_FRAME = 16 * 1024 * 1024
"""The longest frame that is taken from the network; a longer one ends the connection."""
MAX_STEPS = 1000
MAX_ID = 64
DEFAULT_DEADLINE_MS = 60_000
MAX_DEADLINE_MS = 3_600_000

Code = Literal[
    "bad_request", "unsupported_version", "too_large", "busy", "deadline", "cancelled", "model_error"
]
WIRE_STATUSES = ("scored", "off_format", "too_long")


class ProtocolError(Exception):
    """A message that is refused: its `code`, and the `id` as far as it could be read (else `""`)."""

    def __init__(self, code: Code, message: str, id: str = "") -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message
        self.id = id


class BadEvent(ValueError):
    """An event that does not follow the protocol; the message names the field."""


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Score `steps`; what is not done `deadline_ms` milliseconds after arrival ends with `deadline`."""

    id: str
    steps: tuple[ProofStep, ...]
    critique: bool = True
    order: Order = "score_first"
    deadline_ms: int = DEFAULT_DEADLINE_MS

    def to_json(self) -> dict[str, Any]:
        return {
            "steps": [step.to_json() for step in self.steps],
            "critique": self.critique,
            "order": self.order,
            "deadline_ms": self.deadline_ms,
        }


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """End the request `id` of this client."""

    id: str

    def to_json(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """How is the daemon?"""

    id: str

    def to_json(self) -> dict[str, Any]:
        return {}


Request = ScoreRequest | CancelRequest | HealthRequest


@dataclass(frozen=True, slots=True)
class Done:
    """The request is answered whole: `steps` scored by `model` in `elapsed_ms` milliseconds from arrival."""

    steps: int
    model: str
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Failure:
    """The request ended otherwise. `versions` is there for `unsupported_version` only."""

    code: str
    message: str
    versions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of the latest `requests` requests: median and 99th percentile."""

    p50_ms: float
    p99_ms: float
    requests: int


@dataclass(frozen=True, slots=True)
class Work:
    """What the daemon has done since its start.

    - `outcomes`: ended requests by `done` or the error's code. `refused_clients`: wrong tokens or keys.
    - `batches`: times that steps went to the model together; `batch_limit`: how many may, at present.
    - `scores_remembered`: scores that were known from an equal step before.
    - `tokens`: of all prompts and score objects, as if each had been read alone; `tokens_computed`: positions
      that went through the network for them; `critique_tokens`: tokens of critiques.
    - `first_score`, `answer`: from a request's arrival to its first score, and to its end.
    - `memory_bytes`: resident memory, `None` where the system does not tell.
    """

    outcomes: dict[str, int]
    refused_clients: int
    batches: int
    batch_limit: int
    scores_remembered: int
    tokens: int
    tokens_computed: int
    critique_tokens: int
    first_score: Times | None
    answer: Times | None
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon's state: steps that wait (`queued_steps`, of at most `queue_limit`) and that the model has
    in hand (`running_steps`), steps scored since the start `uptime_s` seconds ago; `work` may be untold."""

    version: str
    pid: int
    model: str
    scale: tuple[int, int]
    dimensions: tuple[str, ...]
    weights: dict[str, float]
    uptime_s: float
    queued_steps: int
    queue_limit: int
    running_steps: int
    scored_steps: int
    state: str = "ready"
    versions: tuple[int, ...] = field(default=VERSIONS)
    work: Work | None = None


Event = Scored | CritiquePiece | Done | Failure | Health


def parse_request(raw: bytes) -> Request:
    """The request in one frame. Raises `ProtocolError` with the code that the client is to be told."""
    if len(raw) > MAX_BYTES:
        raise ProtocolError("too_large", f"the message has {len(raw)} bytes, at most {MAX_BYTES} are allowed")
    try:
        data = load(raw)
    except BadJson as error:
        raise ProtocolError("bad_request", f"the message {error}") from None
    id = data.get("id")
    known = id if isinstance(id, str) and 1 <= len(id) <= MAX_ID else ""
    try:
        _check_version(data)
        if not known:
            raise ProtocolError("bad_request", f"field 'id' must be a string of 1 to {MAX_ID} characters")
        kind = data.get("type")
        if kind == "score":
            return _score_request(known, data)
        if kind == "cancel":
            return CancelRequest(known)
        if kind == "health":
            return HealthRequest(known)
        raise ProtocolError(
            "bad_request", f"field 'type' must be 'score', 'cancel' or 'health', not {shown(kind)}"
        )
    except ProtocolError as error:
        error.id = known
        raise


def encode_request(request: Request) -> bytes:
    """The frame of a request."""
    kind = {ScoreRequest: "score", CancelRequest: "cancel", HealthRequest: "health"}[type(request)]
    return dump({"eva": VERSION, "type": kind, "id": request.id, **request.to_json()})


def encode_event(id: str, event: Event) -> bytes:
    """The frame of an event of request `id`. Raises `ValueError` for numbers that JSON has not (NaN)."""
    head: dict[str, Any] = {"eva": VERSION, "type": "error", "id": id}
    body: dict[str, Any]
    if isinstance(event, Scored):
        head["type"] = "score"
        body = event.score.to_json()
        body.pop("critique", None)  # words travel as pieces
    elif isinstance(event, CritiquePiece):
        head["type"] = "critique"
        body = {"index": event.index, "text": event.text, "final": event.final}
    elif isinstance(event, Done):
        head["type"] = "done"
        body = {"steps": event.steps, "model": event.model, "elapsed_ms": event.elapsed_ms}
    elif isinstance(event, Health):
        head["type"] = "health"
        body = asdict(event)
        if event.work is None:
            del body["work"]
    else:
        body = {"code": event.code, "message": event.message}
        if event.versions:
            body["versions"] = list(event.versions)
    return dump(head | body)


def parse_event(raw: bytes) -> tuple[str, Event]:
    """The request's id and the event in one frame. Raises `BadEvent`."""
    try:
        data = load(raw)
        _check_version(data)
    except BadJson as error:
        raise BadEvent(f"the message {error}") from None
    except ProtocolError as error:
        raise BadEvent(error.message) from None
    id = _get(data, "id", str)
    kind = data.get("type")
    if kind == "score":
        return id, Scored(_step_score(data))
    if kind == "critique":
        index = _whole(data, "index")
        return id, CritiquePiece(index, _get(data, "text", str), _get(data, "final", bool))
    if kind == "done":
        return id, Done(_whole(data, "steps"), _get(data, "model", str), _real(data, "elapsed_ms"))
    if kind == "error":
        versions = _get(data, "versions", list) if "versions" in data else ()
        return id, Failure(
            _get(data, "code", str),
            _get(data, "message", str),
            tuple(v for v in versions if isinstance(v, int)),
        )
    if kind == "health":
        return id, _health(data)
    raise BadEvent(f"field 'type' is {shown(kind)}, no event of protocol {VERSION}")


def _check_version(data: Mapping[str, Any]) -> None:
    version = data.get("eva")
    if isinstance(version, bool) or not isinstance(version, int):
        raise ProtocolError(
            "bad_request", f"field 'eva' must be the protocol's version, not {shown(version)}"
        )
    if version not in VERSIONS:
        spoken = ", ".join(map(str, VERSIONS))
        raise ProtocolError(
            "unsupported_version", f"version {shown(version)} is not spoken here, but {spoken}"
        )


def _score_request(id: str, data: Mapping[str, Any]) -> ScoreRequest:
    steps = data.get("steps")
    if not isinstance(steps, list) or not steps:
        raise ProtocolError(
            "bad_request", f"field 'steps' must be a list of 1 to {MAX_STEPS} steps, not {shown(steps)}"
        )
    if len(steps) > MAX_STEPS:
        raise ProtocolError(
            "too_large", f"the request has {len(steps)} steps, at most {MAX_STEPS} are allowed"
        )
    critique = data.get("critique", True)
    if not isinstance(critique, bool):
        raise ProtocolError("bad_request", f"field 'critique' must be true or false, not {shown(critique)}")
    order = data.get("order", "score_first")
    if order not in ORDERS:
        raise ProtocolError(
            "bad_request", f"field 'order' must be one of {', '.join(ORDERS)}, not {shown(order)}"
        )
    deadline = data.get("deadline_ms", DEFAULT_DEADLINE_MS)
    if isinstance(deadline, bool) or not isinstance(deadline, int) or not 1 <= deadline <= MAX_DEADLINE_MS:
        raise ProtocolError(
            "bad_request",
            f"field 'deadline_ms' must be a whole number from 1 to {MAX_DEADLINE_MS}, not {shown(deadline)}",
        )
    return ScoreRequest(id, tuple(_step(i, step) for i, step in enumerate(steps)), critique, order, deadline)


def _step(index: int, data: object) -> ProofStep:
    try:
        return ProofStep.from_json(data)
    except BadStep as error:
        raise ProtocolError("bad_request", f"steps[{index}]: {error}") from None


_ANCHOR = re.compile(r"-?[0-9]{1,9}")


def _step_score(data: Mapping[str, Any]) -> StepScore:
    status = data.get("status")
    if status not in WIRE_STATUSES:
        raise BadEvent(f"field 'status' must be one of {', '.join(WIRE_STATUSES)}, not {shown(status)}")
    numbers = status != "too_long"
    dimensions = _get(data, "dimensions", dict)
    if numbers != (data.get("value") is not None) or numbers != bool(dimensions):
        raise BadEvent(f"status '{status}' and the fields 'value', 'dimensions' contradict each other")
    value = _real(data, "value") if numbers else None
    if value is not None and not 0.0 <= value <= 1.0:
        raise BadEvent(f"field 'value' must be in [0, 1], not {shown(value)}")
    message = data.get("message")
    if message is not None and not isinstance(message, str):
        raise BadEvent(f"field 'message' must be a string, not {shown(message)}")
    scores = {name: _dimension(name, dimension) for name, dimension in dimensions.items()}
    return StepScore(_whole(data, "index"), status, value, scores, message=message)


def _dimension(name: str, data: object) -> DimensionScore:
    if not isinstance(data, dict):
        raise BadEvent(f"dimension '{name}' must be an object, not {shown(data)}")
    distribution = _get(data, "distribution", dict)
    for anchor in distribution:
        if not _ANCHOR.fullmatch(anchor):
            raise BadEvent(f"dimension '{name}': {shown(anchor)} is not an anchor")
    score = DimensionScore(
        _real(data, "expected"),
        _real(data, "spread"),
        {int(anchor): _real(distribution, anchor) for anchor in distribution},
        _real(data, "mass"),
    )
    if not 0.0 <= score.mass <= 1.0:
        raise BadEvent(f"dimension '{name}': 'mass' must be in [0, 1], not {shown(score.mass)}")
    return score


def _health(data: Mapping[str, Any]) -> Health:
    scale = _get(data, "scale", list)
    if len(scale) != 2 or not all(isinstance(end, int) for end in scale):
        raise BadEvent(f"field 'scale' must be two whole numbers, not {shown(scale)}")
    weights = _get(data, "weights", dict)
    return Health(
        version=_get(data, "version", str),
        pid=_whole(data, "pid"),
        model=_get(data, "model", str),
        scale=(scale[0], scale[1]),
        dimensions=tuple(str(name) for name in _get(data, "dimensions", list)),
        weights={name: _real(weights, name) for name in weights},
        uptime_s=_real(data, "uptime_s"),
        queued_steps=_whole(data, "queued_steps"),
        queue_limit=_whole(data, "queue_limit"),
        running_steps=_whole(data, "running_steps"),
        scored_steps=_whole(data, "scored_steps"),
        state=_get(data, "state", str),
        versions=tuple(v for v in _get(data, "versions", list) if isinstance(v, int)),
        work=None if data.get("work") is None else _work(_get(data, "work", dict)),
    )


def _work(data: Mapping[str, Any]) -> Work:
    outcomes = _get(data, "outcomes", dict)
    counts = ("refused_clients", "batches", "batch_limit", "scores_remembered")
    tokens = ("tokens", "tokens_computed", "critique_tokens")
    return Work(
        outcomes={name: _whole(outcomes, name) for name in outcomes},
        **{name: _whole(data, name) for name in (*counts, *tokens)},
        first_score=_times(data, "first_score"),
        answer=_times(data, "answer"),
        memory_bytes=None if data.get("memory_bytes") is None else _whole(data, "memory_bytes"),
    )


def _times(data: Mapping[str, Any], key: str) -> Times | None:
    if data.get(key) is None:
        return None
    times = _get(data, key, dict)
    return Times(_real(times, "p50_ms"), _real(times, "p99_ms"), _whole(times, "requests"))


def _get(data: Mapping[str, Any], key: str, kind: type) -> Any:
    value = data.get(key)
    if not isinstance(value, kind):
        raise BadEvent(f"field '{key}' must be a {kind.__name__}, not {shown(value)}")
    return value


def _whole(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadEvent(f"field '{key}' must be a whole number from 0 up, not {shown(value)}")
    return value


_NUMBERS = (int, float)


def _real(data: Mapping[str, Any], key: str) -> float:
    value = data.get(key)
    if isinstance(value, _NUMBERS) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value)
    raise BadEvent(f"field '{key}' must be a finite number, not {shown(value)}")
