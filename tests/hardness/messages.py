"""Messages for the daemon, by hypothesis: valid ones, ones with a single defect, and hostile ones."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from eva import protocol

IDS = st.sampled_from(["a", "b", "c", "⊢", "x" * protocol.MAX_ID])
TEXT = st.one_of(
    st.sampled_from(["", "n : Nat\n⊢ n = n", "\x00\x1b[31m", "%s{0}$(id)<b>", "\u2028😀"]),
    st.text(max_size=8),
)
TACTICS = st.sampled_from(
    ["simp"] * 16 + ["omega", "too long", "raise", "raise late", "nan", "skip", "hold", "exact h"]
)
GOALS: list[list[str]] = [[], ["⊢ p"], ["n : Nat\n⊢ n = n", "⊢ q"], ["\x00\x1b[31m%s{0}$(id)<b>😀"]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def steps(draw: st.DrawFn) -> dict[str, Any]:
    step: dict[str, Any] = {"goals": draw(st.sampled_from(GOALS)), "tactic": draw(TACTICS)}
    if draw(st.integers(0, 3)) == 0:
        key = draw(st.sampled_from(["statement", "name", "lean_error", "earlier", "goals_after"]))
        step[key] = draw(st.lists(TEXT, max_size=2) if key in ("earlier", "goals_after") else TEXT)
    return step


@st.composite
def scores(draw: st.DrawFn) -> dict[str, Any]:
    """A valid score request. One that is never answered has a deadline."""
    asked = draw(st.lists(steps(), min_size=1, max_size=3)) * draw(st.sampled_from([1, 1, 1, 4, 30]))
    request = {"eva": 1, "type": "score", "id": draw(IDS), "steps": asked, "critique": draw(st.booleans())}
    if draw(st.booleans()):
        request["order"] = draw(st.sampled_from(["score_first", "critique_first"]))
    if any(step["tactic"] == "hold" for step in asked):
        request["deadline_ms"] = draw(st.integers(1, 15))
    elif draw(st.booleans()):
        request["deadline_ms"] = draw(st.sampled_from([1, 5, 60_000, protocol.MAX_DEADLINE_MS]))
    return request


def dump(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")


@st.composite
def valid(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["score"] * 3 + ["cancel", "health"]))
    return dump(draw(scores()) if kind == "score" else {"eva": 1, "type": kind, "id": draw(IDS)})


# field, values that it cannot have; the defect is in the field alone
DEFECTS: list[tuple[str, Any]] = [
    *(("eva", value) for value in (None, True, "1", 1.0, [1], {}, 0, 2, -1, 10**30)),
    *(("type", value) for value in (None, 1, "", "SCORE", "score ", ["score"])),
    *(("id", value) for value in (None, 1, "", "x" * (protocol.MAX_ID + 1), ["a"], {})),
    *(("steps", value) for value in (None, [], {}, "simp", [1], [None], [[]], [{}])),
    ("steps", [{"goals": [], "tactic": "a"}] * (protocol.MAX_STEPS + 1)),
    *(("steps", [{"goals": goals, "tactic": "a"}]) for goals in (None, "⊢ p", [1], {"0": "⊢ p"}, [["⊢ p"]])),
    *(("steps", [{"goals": [], "tactic": tactic}]) for tactic in (None, "", " \n", 1, ["simp"])),
    *(("steps", [{"goals": [], "tactic": "a", "line": line}]) for line in ("1", 1.5, True, [])),
    *(("critique", value) for value in (0, 1, "true", [])),
    *(("order", value) for value in ("", "scores", 1, ["score_first"], {})),
    *(("deadline_ms", value) for value in (0, -1, 1.5, "9", True, protocol.MAX_DEADLINE_MS + 1, 10**40)),
]


@st.composite
def defective(draw: st.DrawFn) -> bytes:
    """A score request that is valid but for one field."""
    request = draw(scores())
    key, value = draw(st.sampled_from(DEFECTS))
    request[key] = value
    return dump(request)


SNIPPETS = st.sampled_from(
    [
        "1e999", "-1e999", "9" * 5000, "9" * 400, "-0", "1E-999", "NaN", "-Infinity", "0x1", "01", "1.", "+1",
        r'"\ud800"', r'"\udc00\ud800"', r'"\ud83d\ude00"', r'"\u0000"', r'"\x41"', '"\t"', "'a'", "nul",
        "[" * 31 + "]" * 31, "[" * 33 + "]" * 33, "[" * 5000, "{" * 40, '{"a":' * 40, "]", "}", "{}{}", "",
        '{"id":"a","id":"b"}', "//", "/**/", "\ufeff1", "\u2028", '"' + "\\" * 999, '"' + "x" * 3000 + '"',
    ]
)  # fmt: skip


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """Text that is nearly JSON, or JSON that is nearly a message."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return draw(st.binary(max_size=120))
    if kind == 1:
        return dump(draw(JSON))
    request = draw(scores())
    if kind == 2:  # one place replaced by anything
        places = [request, *(step for step in request["steps"])]
        target = draw(st.sampled_from(places))
        target[draw(st.sampled_from(sorted(target)))] = draw(JSON)
        return dump(request)
    text = json.dumps(request, ensure_ascii=draw(st.booleans()))
    if kind == 3:  # a key twice: the later one counts, as in JavaScript
        key = draw(st.sampled_from(["eva", "id", "type", "steps", "deadline_ms"]))
        text = text[:-1] + f', "{key}": {json.dumps(draw(JSON))}}}'
    elif kind == 4:
        key = draw(st.sampled_from(["eva", "id", "type", "steps", "deadline_ms", "unknown", "critique"]))
        text = text[:-1] + f', "{key}": {draw(SNIPPETS)}}}'
    else:
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(SNIPPETS) + text[at + draw(st.integers(0, 3)) :]
    return text.encode("utf-8", "surrogatepass")


STRAY_FRAMES = st.lists(st.binary(max_size=20), max_size=5).map(tuple).filter(lambda frames: len(frames) != 1)
