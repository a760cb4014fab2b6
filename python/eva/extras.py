"""Packages that come only with the extra `train`."""

from __future__ import annotations

from importlib.util import find_spec


def lacking(*modules: str) -> str | None:
    """Which of these modules are not installed, and how to get them; `None` where all of them are."""
    missing = [name for name in modules if find_spec(name) is None]
    if not missing:
        return None
    return f"{', '.join(missing)} not installed: pip install '.[train]' in a checkout of eva brings it"
