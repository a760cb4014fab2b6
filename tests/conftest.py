"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from eva.lean.errors import LeanNotFound
from eva.lean.toolchain import find_toolchain
from eva.threads import share_the_cores

os.environ["HF_HUB_OFFLINE"] = "1"  # no test may ask a hub
share_the_cores()
sys.path.insert(0, str(Path(__file__).parent))
settings.register_profile("eva", deadline=None)  # no test fails because a machine is busy
settings.load_profile("eva")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with many slow tests come first: one process runs a file, and must not be left alone with one."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that runs a real Lean is skipped, with the remedy, where none can be had."""
    if item.get_closest_marker("lean"):
        try:
            find_toolchain()
        except LeanNotFound as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny real checkpoint with random weights: for mechanics, never for the quality of a judgement."""
    from tiny import save_tiny_checkpoint

    return save_tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")
