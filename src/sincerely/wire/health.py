"""A small port on which a process says how it is: `/healthz` and `/metrics`.

Not public: it listens where the installation says, loopback as a rule, and shows nothing of any
person. It answers from memory, so it answers also while the database does not.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sincerely.wire import metrics

PROCESSES = ("web", "tracker", "folder", "sender", "mailbox", "runner")
STUCK_SECONDS = 60.0


def listen(host: str, port: int) -> ThreadingHTTPServer:
    """Serve from a daemon thread; raises OSError where the address is taken."""
    server = ThreadingHTTPServer((host, port), _Answers)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def is_well() -> bool:
    """Say whether the main loop came round lately."""
    return metrics.feeling.seconds_since_turn() < STUCK_SECONDS


class _Answers(BaseHTTPRequestHandler):
    server_version = "Sincerely"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer the two paths that there are."""
        if self.path == "/metrics":
            self._say(200, metrics.text(), metrics.CONTENT_TYPE)
        elif self.path == "/healthz":
            self._say(200 if is_well() else 503, _health(), "application/json")
        else:
            self._say(404, b"Not found", "text/plain")

    def _say(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
        """Say nothing: somebody asks every few seconds."""


def _health() -> bytes:
    feeling = metrics.feeling
    facts = {
        "process": feeling.process,
        "is_well": is_well(),
        "started_at": feeling.started_at.isoformat(timespec="seconds"),
        "seconds_since_turn": round(feeling.seconds_since_turn(), 1),
        "errors": feeling.error_count,
        "last_error": feeling.trouble,
        "last_error_at": feeling.trouble_at.isoformat() if feeling.trouble_at else None,
    }
    return json.dumps(facts).encode()
