"""The front door: `--help` teaches, stays light, and the version is the package's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import eva
from eva.cli import COMMANDS, app
from eva.cli.exits import ExitCode

HEAVY = ("torch", "transformers", "lean_dojo", "zmq", "numpy", "llguidance")
WATCH = f"""
import json, runpy, sys
sys.argv = ["eva", *sys.argv[1:]]
try:
    runpy.run_module("eva", run_name="__main__")
except SystemExit as end:
    print(json.dumps([end.code, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["score", "--help"], ["score"], []])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded == []
    assert code == (0 if "--help" in arguments or "--version" in arguments else 2)


PAGES = [[late.name] for late in COMMANDS if late.name != "data"] + [
    ["data", name] for name in ("generate", "check", "convert", "from-lean", "trace")
]


@pytest.mark.parametrize("command", PAGES, ids=" ".join)
def test_every_command_says_what_it_does_and_shows_an_example(command: list[str]) -> None:
    front = CliRunner().invoke(app, [*command[:-1], "--help"], env={"COLUMNS": "200"})
    assert command[-1] in front.stdout
    page = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"}).stdout
    assert "Exit codes" in page
    assert f"eva {' '.join(command)}" in page[page.index("Example") :]


def test_every_exit_code_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    assert [code for code in ExitCode if f"\n| {code:d} | " not in text] == []


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"eva {eva.__version__}\n"


def test_output_is_utf8_whatever_the_locale_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eva", "score", "∀∃.lean"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )
    assert done.stderr.decode("utf-8") == "eva: error: there is no file ∀∃.lean\n"


def test_the_front_page_says_what_each_command_says() -> None:
    group = typer.main.get_group(app)
    for late in COMMANDS:
        _, command, _ = group.resolve_command(typer.Context(group), [late.name])
        assert command is not None and command.help is not None
        assert " ".join(command.help.split("\n\n")[0].split()) == late.summary


def test_the_front_page_loads_no_command_and_nothing_that_it_does_not_draw() -> None:
    idle = ("eva.step", "eva.cli.score", "eva.train.config", "rich.markdown", "rich.traceback", "pygments")
    watch = WATCH.replace(repr(HEAVY), repr(idle))
    done = subprocess.run(
        [sys.executable, "-c", watch, "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]


def test_what_help_leaves_out_is_loaded_where_it_is_used() -> None:
    program = (
        "from eva.cli import late; late._load_help_pages(); import typer.rich_utils as pages; "
        "from rich.markdown import Markdown; assert type(pages.Markdown('*a*')) is Markdown; "
        "assert callable(pages.Traceback.from_exception)"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)


def test_a_shell_completes_commands_and_their_options() -> None:
    def completions(words: str) -> str:
        asked = {"_EVA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        program = [sys.executable, "-c", "from eva.cli import main; main()"]
        return subprocess.run(
            program, env=os.environ | asked, capture_output=True, text=True, timeout=60, check=False
        ).stdout

    assert completions("eva sc").split() == ["score"]
    assert "--fail-under" in completions("eva score --fail")
    assert "generate" in completions("eva data gen")
