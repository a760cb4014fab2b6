"""Options of a command out of the fields of a configuration, where name, type, default and help stand."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_origin, get_type_hints

import typer

METAVARS = {"data": "DIR", "out": "DIR", "base": "NAME|DIR|new:SIZE", "scale": "LOW HIGH", "weights": "L A C"}


def command_of(kind: type, run: Callable[[dict[str, Any], Path | None], None]) -> Callable[..., None]:
    """A command with one option for each field of the dataclass `kind`, and `--config FILE`.

    `run(given, file)` gets the options that stand on the command line, and the file.
    """
    hints = get_type_hints(kind)
    parameters = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for entry in fields(kind):
        required = entry.default is MISSING
        words = typer.Option(
            help=entry.metadata["help"],
            metavar=METAVARS.get(entry.name),
            show_default="required" if required else True if entry.default is not None else "none",
        )
        hint = hints[entry.name]
        optional = required and get_origin(hint) is not UnionType
        parameters.append(
            inspect.Parameter(
                entry.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None if required else entry.default,
                annotation=Annotated[hint | None if optional else hint, words],
            )
        )
    config = typer.Option(
        metavar="FILE.yaml",
        help="A YAML file in which any of these options may stand; the command line wins.",
    )
    parameters.append(
        inspect.Parameter(
            "config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[Path | None, config]
        )
    )

    def command(**values: Any) -> None:
        context: typer.Context = values.pop("context")
        file: Path | None = values.pop("config")
        given = {
            name: value
            for name, value in values.items()
            if getattr(context.get_parameter_source(name), "name", "") != "DEFAULT"
        }
        run(given, file)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command
