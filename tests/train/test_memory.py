"""Freed activations stay in the process, so that the kernel does not clear them anew in each step."""

from __future__ import annotations

import subprocess
import sys

import pytest

PAGES = """
import resource, sys
from eva.train.memory import keep_freed_memory
if sys.argv[1] == "kept" and not keep_freed_memory():
    sys.exit("no mallopt")
def fault():
    bytes(64 << 20)  # freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(2):
    before = fault()
print(fault() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has mallopt")
def test_a_large_block_that_was_freed_is_used_again_without_page_faults() -> None:
    faults = {}
    for mode in ("default", "kept"):
        done = subprocess.run(
            [sys.executable, "-c", PAGES, mode], capture_output=True, text=True, timeout=60, check=False
        )
        if done.stderr.strip() == "no mallopt":
            pytest.skip("this C library has no mallopt")
        assert done.returncode == 0, done.stderr
        faults[mode] = int(done.stdout)
    assert faults["kept"] * 10 < faults["default"]
