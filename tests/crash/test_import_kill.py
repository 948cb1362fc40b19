"""An import is killed at several points; another process goes on, and no row is in twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = 6_000
BAD = 20
ROOT = Path(__file__).parents[2]


def run(home: Path, *args: str) -> tuple[int, list[str]]:
    """Return how a worker ended, and its words."""
    env = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    env |= {"SINCERELY_HOME": str(home), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.import_worker", *args],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        timeout=800,
        check=False,
    )
    return done.returncode, done.stdout.split()


@pytest.mark.engines
@pytest.mark.timeout(900)
@pytest.mark.skipif("SINCERELY_TEST_DATABASE_URL" in os.environ, reason="drives its own SQLite")
def test_a_killed_import_is_taken_up_where_it_was(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    rows = [
        f"p{n}@example.com,Name{n},Honden" if n % (ROWS // BAD) else f"bad row {n},x,y"
        for n in range(ROWS)
    ]
    table.write_text("email,first name,interesselabels\n" + "\n".join(rows) + "\n")
    home = tmp_path / "home"
    assert run(home, "prepare", str(table))[0] == 0
    for cpu_seconds in (0.15, 0.35):
        code, _said = run(home, "go", str(cpu_seconds))
        assert code == -signal.SIGPROF, "the import was over before it could be killed"
    code, said = run(home, "go", "600")
    good = str(ROWS - BAD)
    assert code == 0
    assert said == ["done", str(ROWS), good, *[good] * 6, str(BAD), str(BAD)]
