"""A provider on loopback: it speaks Postmark's HTTP, keeps a ledger, breaks where it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sincerely.apps.sending.actions.transports import save_transport
from sincerely.apps.sending.models import Transport
from tests.cast import Cast

TAKEN = '{"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a"}'
INACTIVE = (
    '{"ErrorCode": 406, "MessageID": "", "Message":'
    ' "Found inactive addresses: %s. Inactive recipients are ones that bounced."}'
)


@dataclass
class Provider:
    """`asked` is whose whole mail it has read, `taken` whose it has accepted.

    `answer` gives status and text for a recipient, whose address stands where the text has %s;
    status 0 cuts the connection without a word.
    """

    delay_seconds: float = 0.0
    answer: Callable[[str], tuple[int, str]] = lambda _recipient: (200, TAKEN)
    asked: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    port: int = 0

    def heard(self, content: dict[str, Any]) -> tuple[int, str]:
        """Take one mail, or not."""
        recipient = str(content["To"])
        self.asked.append(recipient)
        time.sleep(self.delay_seconds)
        status, words = self.answer(recipient)
        if status == 200:
            self.taken.append(recipient)
        return status, words.replace("%s", recipient)


@contextmanager
def provider(there: Provider) -> Iterator[Provider]:
    """Run it on a port of its own."""

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status, words = there.heard(json.loads(content))
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words.encode())

        def log_message(self, *_words: object) -> None:
            """Say nothing: who asked may be dead by the time of the answer."""

    class House(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_words: object) -> None:
            """Say nothing."""

    with House(("127.0.0.1", there.port), Desk) as listening:
        there.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield there
        finally:
            listening.shutdown()
            thread.join(10)


def account(there: Provider, cast: Cast, *, now: Any, connections: int) -> Transport:
    """A transport by way of this provider."""
    return save_transport(
        None,
        values={
            "name": f"provider {there.port}",
            "kind": "provider",
            "provider": "postmark",
            "connection_count": connections,
            "options": {"api_url": f"http://127.0.0.1:{there.port}/"},
        },
        secret="a token",
        now=now,
        actor=cast.actor,
    )
