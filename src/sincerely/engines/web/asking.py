"""The web process asks itself for a page: only a worker thread that is free can answer."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException

from django.conf import settings

# A small file, which needs no database; whatever the answer is, somebody gave it.
PATH = "/static/mark.svg"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "::1", "": "127.0.0.1"}  # noqa: S104 -- read, not bound


def answers(*, timeout_seconds: float = 10) -> bool:
    """Say whether this process' own port answers, whatever it says."""
    host, _, port = settings.WEB_ADDRESS.rpartition(":")
    place = EVERYWHERE.get(host, host.strip("[]"))
    connection = HTTPConnection(place, int(port), timeout=timeout_seconds)
    try:
        connection.request("GET", PATH)
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
