"""How torch's threads wait, unless the user says otherwise."""

from __future__ import annotations

import os

import pytest

from eva.threads import SPINS, share_the_cores

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({}, {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": str(SPINS)}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
    ],
)
def test_what_the_user_says_stays(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], then: dict[str, str]
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    share_the_cores()
    assert {name: os.environ[name] for name in NAMES if name in os.environ} == then
