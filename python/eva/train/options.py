"""Options out of a YAML file, checked against the fields of a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from eva.train.config import BadConfig, RunConfig

Config = TypeVar("Config", bound=RunConfig)


def build(kind: type[Config], given: Mapping[str, Any], file: Path | None = None) -> Config:
    """A configuration: `given` wins over `file`, which wins over the defaults.

    Raises `BadConfig` for a file that cannot be read, an option that is not there, a value of the wrong type,
    and a required option that nobody gave.
    """
    values = {**(read_options(kind, file) if file else {}), **given}
    missing = [name for name in ("data", "out") if name not in values]
    if missing:
        raise BadConfig(f"--{missing[0]} is needed: {_words(kind, missing[0])}")
    return kind(**values)


def read_options(kind: type[RunConfig], file: Path) -> dict[str, Any]:
    """The options in a YAML file; a name may be written with `-` or `_`."""
    import yaml

    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadConfig(f"cannot read {file}: {error}") from error
    if not isinstance(found, dict):
        raise BadConfig(f"{file} must hold options as `name: value`, not {type(found).__name__}")
    hints = get_type_hints(kind)
    known = [f.name for f in fields(kind)]
    out = {}
    for key, value in found.items():
        name = str(key).replace("-", "_")
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"options are {', '.join(known)}"
            raise BadConfig(f"{file}: unknown option {key!r}: {hint}")
        try:
            out[name] = _as(hints[name], value)
        except (TypeError, ValueError) as error:
            raise BadConfig(f"{file}: {key} must be {_shown(hints[name])}, not {value!r}") from error
    return out


def _as(hint: Any, value: Any) -> Any:
    """`value` as YAML read it, as the type that the field has; raises `TypeError` or `ValueError`."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in inner:
            raise ValueError(value)
        return value
    if origin in (Union, UnionType):
        return None if value is None else _as(next(t for t in inner if t is not type(None)), value)
    if origin is tuple:
        if not isinstance(value, list) or len(value) != len(inner):
            raise TypeError(value)
        return tuple(_as(t, item) for t, item in zip(inner, value, strict=True))
    if hint is float and not isinstance(value, bool):
        return float(value)  # YAML 1.1 reads 2e-5 as a string
    if hint is Path and isinstance(value, str):
        return Path(value).expanduser()
    if type(value) is not hint:
        raise TypeError(value)
    return value


def _shown(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(map(str, inner))
    if origin is tuple:
        return f"a list of {len(inner)} numbers"
    if origin in (Union, UnionType):
        return " or ".join("null" if t is type(None) else _shown(t) for t in inner)
    return {float: "a number", int: "a whole number", bool: "true or false", str: "text", Path: "a path"}[
        hint
    ]


def _words(kind: type[RunConfig], name: str) -> str:
    return str(next(f for f in fields(kind) if f.name == name).metadata["help"])
