"""Commands that are loaded when they run: the front page needs only a name and a sentence of each."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

UNUSED_BY_HELP = ("rich.markdown", "rich.traceback")
"""What typer's help pages import for modes that are off here: Markdown help, and pretty tracebacks."""


@dataclass(frozen=True)
class Late:
    """A command that `register(app)` of `module` adds under `name`; `summary`: its help's first sentence."""

    name: str
    module: str
    summary: str


def group_of(commands: Iterable[Late], **settings: Any) -> type[TyperGroup]:
    """The class of a group whose commands are loaded late; `settings`: those of its `typer.Typer`."""
    known = {late.name: late for late in commands}

    class LateGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            mode = settings["rich_markup_mode"]
            for late in known.values():
                self.add_command(TyperCommand(late.name, help=late.summary, rich_markup_mode=mode))

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args and args[0] in known:
                part = typer.Typer(**settings)
                importlib.import_module(known[args[0]].module).register(part)
                self.commands.update(typer.main.get_group(part).commands)
            if not {"-h", "--help"}.isdisjoint(args):
                _load_help_pages()
            return super().resolve_command(ctx, args)

        def format_help(self, ctx: Any, formatter: Any) -> None:
            _load_help_pages()
            super().format_help(ctx, formatter)

    return LateGroup


def _load_help_pages() -> None:
    """Load what draws help pages without the third of it that nothing here uses."""
    with _left_out(UNUSED_BY_HELP):
        importlib.import_module("typer.rich_utils")


@contextmanager
def _left_out(names: Iterable[str]) -> Iterator[None]:
    """Stand-ins in place of modules that are not loaded yet; their classes load the real ones when used."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update({name: _StandIn(name) for name in absent})
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(name, (), {"_home": self.__name__})


class _Later(type):
    """A class that turns into the real one where it is called or asked for an attribute."""

    _home: str

    def __call__(cls, *values: Any, **named: Any) -> Any:
        return cls._real()(*values, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._real(), name)

    def _real(cls) -> Any:
        return getattr(importlib.import_module(cls._home), cls.__name__)
