"""JSON objects as UTF-8 text from whoever sends it: no depth, no number and no surrogate gets through that
could hurt later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 32

# A string literal (closed or not, so that the scan stays linear), or one bracket.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_OPEN, _CLOSE = (b"[", b"{"), (b"]", b"}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BadJson(ValueError):
    """What is wrong with a text, as the rest of a sentence that begins with what the text is."""


def load(raw: bytes) -> dict[str, Any]:
    """The object that `raw` holds. Raises `BadJson`; the depth is counted before the parser recurses."""
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:  # fewer cannot nest deeper: most messages
        _check_depth(raw)
    try:
        data = _DECODER.decode(raw.decode("utf-8"))
        if _SURROGATE.search(raw):
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"is not UTF-8 (byte {error.start})") from None
    except UnicodeEncodeError:
        raise BadJson("holds half of a surrogate pair (\\ud800…)") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"is not JSON: {error.msg} (character {error.pos})") from None
    except ValueError as error:  # NaN, or an integer of thousands of digits
        raise BadJson(f"is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise BadJson(f"must be a JSON object, not {shown(data)}")
    return data


def dump(data: Mapping[str, Any]) -> bytes:
    """The text of an object. Raises `ValueError` for numbers that JSON has not (NaN)."""
    return _ENCODER.encode(data).encode("utf-8")


def shown(value: object) -> str:
    """A value in a message, shortened."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check_depth(raw: bytes) -> None:
    depth = 0
    for token in _TOKEN.finditer(raw):
        if token[0] in _OPEN:
            depth += 1
            if depth > MAX_DEPTH:
                raise BadJson(f"nests deeper than {MAX_DEPTH} levels")
        elif token[0] in _CLOSE:
            depth -= 1


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


# made once: `json.loads` and `json.dumps` make theirs anew at every call that has settings
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
