"""What `make demo` runs: a daemon of its own scores examples/Demo.lean, step by step, and is stopped again.

The daemon has a connection file in a temporary directory, so that one that runs already is left alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FILE = "examples/Demo.lean"
EVA = (sys.executable, "-m", "eva")
NEXT = """\
That was the model that ships with eva, on a file with four wrong steps: see {file}.
Next, with {eva} on your PATH:
  eva serve --detach          start a daemon of your own
  eva score YOUR.lean         score your proofs
  eva score --help            options, JSON, --fail-under for CI
  eva doctor                  see what is in place
"""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that `finally` runs
    with tempfile.TemporaryDirectory(prefix="eva-demo-") as directory:
        os.environ["EVA_CONNECTION_FILE"] = str(Path(directory) / "daemon.json")
        started = False
        try:
            code = eva("serve", "--detach")
            started = code == 0
            if started:
                code = eva("score", FILE)
        except KeyboardInterrupt:
            code = 128 + signal.SIGINT
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave the daemon behind
            if started:
                eva("stop")
            else:  # cut off in between, one may be starting all the same
                subprocess.run([*EVA, "stop"], capture_output=True, check=False)
    if code == 0:
        print("\n" + NEXT.format(file=FILE, eva=Path(sys.executable).parent / "eva"))
    return code


def eva(*arguments: str) -> int:
    """Show and run one command of eva; its exit code."""
    print(f"\n$ eva {' '.join(arguments)}", flush=True)
    return subprocess.run([*EVA, *arguments], cwd=CHECKOUT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
