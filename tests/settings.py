"""Settings of the test suite: a home of its own per run, the database chosen by the environment."""

import os
import tempfile
from pathlib import Path

_home = Path(
    os.environ.setdefault("SINCERELY_TEST_HOME", tempfile.mkdtemp(prefix="sincerely-test-"))
)
_home = _home / os.environ.get("PYTEST_XDIST_WORKER", "main")
_home.mkdir(parents=True, exist_ok=True)
(_home / "static").mkdir(exist_ok=True)
os.environ["SINCERELY_HOME"] = str(_home)
os.environ.setdefault("SINCERELY_SECRET", "a secret for tests only")
os.environ.setdefault("SINCERELY_LOG_LEVEL", "WARNING")
if os.environ.get("SINCERELY_TEST_DATABASE_URL"):
    # One cluster per worker: what waits below the oldest running transaction of a cluster must not
    # wait for another worker's test.
    _urls = os.environ["SINCERELY_TEST_DATABASE_URL"].split()
    _worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["DATABASE_URL"] = _urls[int(_worker) % len(_urls)]
else:
    os.environ.pop("DATABASE_URL", None)

from sincerely.project.settings import *  # noqa: E402, F403
from sincerely.project.settings import DATABASES  # noqa: E402

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["CONN_MAX_AGE"] = 0
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(_home / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
