"""`make bench`: every path once, each against a reference in the same run where it has one.

Each benchmark is a process of its own with a fresh installation in a temporary folder. Sizes here
are small; give a benchmark its own number for more (`python -m bench.send 100000`).
"""

from __future__ import annotations

import subprocess
import sys

RUNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("render", ("20000",)),
    ("send", ("5000",)),
    ("tracker", ("3",)),
    ("fold", ("10000", "5000")),
    ("imports", ("50000",)),
    ("segments", ("100000", "5")),
)


def main(names: list[str]) -> int:
    """Run the named benchmarks (all by default); the exit status is that of the worst."""
    worst = 0
    for name, arguments in RUNS:
        if names and name not in names:
            continue
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"bench.{name}", *arguments], check=False)
        worst = max(worst, abs(done.returncode))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
