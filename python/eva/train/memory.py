"""Freed memory is kept for the next step instead of being given back to the system."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
LARGEST = 2**31 - 1  # what mallopt takes: an int


def keep_freed_memory() -> bool:
    """Tell glibc's malloc to keep large blocks that are freed (mallopt(3)); `False` where there is none.

    By its default every large activation comes fresh from the system and is given back after use, so that in
    each optimizer step the kernel clears gigabytes again, page by page.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST) and mallopt(M_TRIM_THRESHOLD, LARGEST))
