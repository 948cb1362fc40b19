"""What a member does in the test mailbox as the contact: captured, marked as simulated."""

from __future__ import annotations

from datetime import UTC, datetime

from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.models import Message
from sincerely.wire.capture import CLICK, OPEN, UNSUBSCRIBE, Capture

KINDS = {"open": OPEN, "click": CLICK, "unsubscribe": UNSUBSCRIBE}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def simulate(message: Message, kind: str, *, now: datetime, link_number: int = 0) -> None:
    """Store an opening, a click or a one-click unsubscribe of a message; durable on return."""
    capture_store().append(
        [
            Capture(
                at_us=int((now - EPOCH).total_seconds() * 1_000_000),
                kind=KINDS[kind],
                mailing_id=message.mailing_id,
                message_id=message.pk,
                nonce=bytes(message.nonce),
                link_number=link_number,
                ip="127.0.0.1",
                user_agent="Sincerely test mailbox",
                method="POST" if kind == "unsubscribe" else "GET",
                is_simulated=True,
            )
        ]
    )
