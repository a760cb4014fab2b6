"""Lean takes seconds to start, so each file of tests/lean/files is given to it once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from eva.lean import FileSteps, steps_of_file

FILES = Path(__file__).parent / "files"
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def steps_of() -> Callable[[Path], FileSteps]:
    return cache(steps_of_file)


@pytest.fixture(scope="session")
def demo(steps_of: Callable[[Path], FileSteps]) -> FileSteps:
    return steps_of(EXAMPLES / "Demo.lean")


@pytest.fixture(scope="session")
def shapes(steps_of: Callable[[Path], FileSteps]) -> FileSteps:
    return steps_of(FILES / "Shapes.lean")


@pytest.fixture(scope="session")
def errors(steps_of: Callable[[Path], FileSteps]) -> FileSteps:
    return steps_of(FILES / "Errors.lean")


@pytest.fixture(scope="session")
def corners(steps_of: Callable[[Path], FileSteps]) -> FileSteps:
    return steps_of(FILES / "Corners.lean")
