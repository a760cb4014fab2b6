"""The tests of hardness use the dealer and the scripted judge of the tests of the daemon."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))
