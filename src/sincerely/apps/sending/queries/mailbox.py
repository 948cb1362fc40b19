"""What the test mailbox shows: its mail, and whose message each one is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape

from django.conf import settings

from sincerely.apps.engagement.models import Link
from sincerely.apps.engagement.rules.tokens import Purpose, open_token
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.rules.message_id import read_message_id
from sincerely.wire.mailbox.store import Kept, opened, parsed

TRACKED = re.compile(r"https?://[^\s\"'<>]+/c/([A-Za-z0-9_-]{43})/(\d+)")
PIXEL = re.compile(r"<img[^>]*/o/[A-Za-z0-9_-]{43}\.gif[^>]*>")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    id: int
    at: datetime
    recipient: str
    subject: str
    sender: str


@dataclass(frozen=True, slots=True)
class Opened:
    """One mail as it is shown; `message` is None for a mail that is no campaign's."""

    row: Row
    mail: EmailMessage
    raw: bytes
    message: Message | None

    def part(self, kind: str) -> str:
        """Return the decoded text of the first part of this kind, '' where there is none."""
        body = self.mail.get_body((kind,))  # type: ignore[arg-type]
        return str(body.get_content()) if body is not None else ""


def _row(kept: Kept) -> Row:
    at = EPOCH + timedelta(microseconds=kept.at_us)
    return Row(kept.id, at, kept.recipient, kept.subject, kept.sender)


def mail_page(*, before: int, recipient: str, limit: int = 50) -> list[Row]:
    """Return the newest mail below an id; one more than `limit` shows that there is more."""
    with opened(settings.MAILBOX_PATH) as store:
        return [_row(k) for k in store.page(before=before, recipient=recipient, limit=limit + 1)]


def open_mail(mail_id: int) -> Opened | None:
    """Return one mail with its message row, checked by the nonce in its Message-ID."""
    with opened(settings.MAILBOX_PATH) as store:
        found = store.get(mail_id)
    if found is None:
        return None
    kept, raw = found
    return Opened(_row(kept), parsed(raw), raw, _message_of(kept.message_id))


def _message_of(header: str) -> Message | None:
    read = read_message_id(header)
    if read is None:
        return None
    message = Message.objects.select_related("contact").filter(pk=read[0]).first()
    return message if message is not None and bytes(message.nonce) == read[1] else None


def without_pixel(html: str) -> str:
    """Return the HTML without the open pixel: the page notes the opening itself."""
    return PIXEL.sub("", html)


def with_own_links(html: str, base: str) -> str:
    """Return the HTML with each tracked address replaced by our page `base` + number."""
    return TRACKED.sub(lambda match: f"{base}{match[2]}/", html)


def link_target(opened_mail: Opened, number: int) -> Link | None:
    """Return the link of this number, if the mail's own HTML or text carries its genuine token."""
    if opened_mail.message is None:
        return None
    text = unescape(opened_mail.part("html")) + opened_mail.part("plain")
    for token, found in TRACKED.findall(text):
        facts = open_token(settings.TOKEN_KEY, Purpose.CLICK, token)
        if int(found) == number and facts and facts.message_id == opened_mail.message.pk:
            return Link.objects.filter(
                mailing_id=opened_mail.message.mailing_id, number=number
            ).first()
    return None
