"""The daemon's log: one JSON object a line on stderr. No line holds proof text, whatever the level."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback

_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


REFUSALS_EVERY_S = 10.0
"""Who is refused may try again ten times a second, and must not fill the disk with our log."""


class Seldom:
    """Says when it is time again: at first, and `seconds` after it last said so."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = float("-inf")

    def is_due(self) -> bool:
        now = time.monotonic()
        due = now - self._last > self._seconds
        if due:
            self._last = now
        return due


class JsonLines(logging.Formatter):
    """`{"time", "level", "event", …}`; what is given as `extra` becomes further fields.

    Of an exception the type and the places are told, never the words: a tokenizer's may quote its input.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _PLAIN}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])[-6:]
            line["at"] = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        return json.dumps(line, ensure_ascii=False, default=str)


def start_logging(level: str) -> None:
    """Send this package's log, and warnings of the libraries under it, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("eva").setLevel(level.upper())
    logging.captureWarnings(True)
