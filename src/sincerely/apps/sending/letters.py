"""Letters: the bytes of one mail for one contact, from a frozen version and a message.

`Press` does once per mailing what is the same for all; `write` fills in one contact. `proofread`
compares a letter with the reference renderer, part by part, as the email package reads it: the
sender does that with the first letters of each mailing before anything leaves.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.policy import default as modern
from email.utils import format_datetime
from typing import Any, NamedTuple

from sincerely.apps.content.renderer import Renderer
from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.content.rules.splice import LARGEST_MEMORY
from sincerely.apps.engagement.rules.tokens import Keys, Purpose, mint_all
from sincerely.apps.sending.rules import headers
from sincerely.apps.sending.rules.message_id import message_id


class LetterWrong(Exception):
    """The mail as made differs, in this part, from what the reference renderer says."""

    def __init__(self, part: str) -> None:
        super().__init__(f"The {part} differs from the reference.")
        self.part = part


class Address(NamedTuple):
    """Where one letter goes, and whose it is."""

    message_id: int
    mailing_id: int
    nonce: bytes
    recipient: str
    tracking_tier: str = "full"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all letters of a mailing share besides their content."""

    from_name: str
    from_address: str
    reply_to: str = ""
    tag: str = "campaign"
    list_name: str = ""
    tracker_url: str = ""
    public_url: str = ""
    brand_id: int = 0

    @property
    def domain(self) -> str:
        """The domain mail comes from."""
        return self.from_address.rpartition("@")[2].lower()


class Letter(NamedTuple):
    """Header block (without the signature) and body; together a mail."""

    head: bytes
    body: bytes

    def mail(self, signature: bytes = b"") -> bytes:
        """Return the mail as it goes over the wire."""
        return b"".join((signature, self.head, b"\r\n", self.body))


class Press:
    """Writes the letters of one content version under one letterhead; not shared by threads."""

    def __init__(self, compiled: Compiled, letterhead: Letterhead, keys: Keys) -> None:
        self.renderer = Renderer(compiled)
        self.letterhead = letterhead
        self._keys = keys
        self._dates: dict[int, bytes] = {}
        self._heads: dict[int, bytes] = {}
        self._subjects: dict[bytes, bytes] = {}
        self._domain = letterhead.domain
        self._purposes = {choice: self._needed(is_tracked=choice) for choice in (True, False)}

    @property
    def is_marketing(self) -> bool:
        """Transactional mail has no List-Unsubscribe."""
        return self.letterhead.tag != "transactional"

    def write(
        self,
        address: Address,
        person: dict[str, Any],
        *,
        shown: frozenset[int],
        now: datetime,
    ) -> Letter:
        """Return the letter; raises content.renderer.RenderProblem or headers.BadHeader."""
        urls = self._urls(address)
        rendered = self.renderer.render(person, shown=shown, **urls)
        boundary = b"=_" + address.nonce.hex().encode()
        values = {
            b"to": headers.address_value(address.recipient),
            b"subject": self._subject(rendered.subject_header),
            b"date": self._date(now),
            b"number": message_id(address.message_id, address.nonce, domain=self._domain).encode(),
            b"unsubscribe": urls["unsubscribe_url"].encode(),
            b"boundary": boundary,
        }
        head = self._head(address.mailing_id) % values
        return Letter(head, headers.both_parts(boundary, rendered.text_qp, rendered.html_qp))

    def proofread(
        self, letter: Letter, address: Address, person: dict[str, Any], *, shown: frozenset[int]
    ) -> None:
        """Raise LetterWrong unless the letter says exactly what the reference renderer says."""
        from sincerely.apps.content import reference  # noqa: PLC0415 -- liquid: 0.06 s at each start

        wanted = reference.render(
            self.renderer.compiled, person, shown=shown, **self._urls(address)
        )
        mail = email.message_from_bytes(letter.mail(), policy=modern)
        found = {
            part.get_content_type(): _plain(part.get_content())  # type: ignore[attr-defined]
            for part in mail.walk()
            if not part.is_multipart()
        }
        if " ".join(str(mail["Subject"]).split()) != " ".join(wanted.subject.split()):
            raise LetterWrong("subject")
        if found.get("text/plain") != _plain(wanted.text):
            raise LetterWrong("text")
        if found.get("text/html") != _plain(wanted.html):
            raise LetterWrong("html")

    def _needed(self, *, is_tracked: bool) -> tuple[str, ...]:
        """The purposes of the tokens that letters show; an unsubscribe stands in each head."""
        links = (Purpose.CLICK, Purpose.OPEN) if is_tracked else (Purpose.CONFIRM,)
        pages = (Purpose.PREFERENCES, Purpose.VIEW)
        shown = [page for page in pages if page.value in self.renderer.systems]
        return tuple(purpose.value for purpose in (Purpose.UNSUBSCRIBE, *links, *shown))

    def _urls(self, address: Address) -> dict[str, Any]:
        """The addresses of this message, each with a token for its one purpose."""
        is_tracked = address.tracking_tier != "none"
        purposes = self._purposes[is_tracked]
        minted = mint_all(
            self._keys,
            purposes,
            mailing_id=address.mailing_id,
            message_id=address.message_id,
            nonce=address.nonce,
        )
        token = dict(zip(purposes, minted, strict=True))
        base, public = self.letterhead.tracker_url, self.letterhead.public_url
        return {
            "link_url": f"{base}/c/{token['click']}/" if is_tracked else None,
            "open_url": f"{base}/o/{token['open']}.gif" if is_tracked else None,
            "unsubscribe_url": f"{base}/u/{token['unsubscribe']}",
            "preferences_url": f"{public}/p/preferences/{token.get('preferences', '')}",
            "view_url": f"{public}/p/view/{token.get('view', '')}",
            "confirm_url": "" if is_tracked else f"{public}/p/confirm/{token['confirm']}",
        }

    def _head(self, mailing_id: int) -> bytes:
        """The header block of a mailing, checked once, with places for what a letter adds.

        What goes into the places cannot break out of its line: an address is checked each time, a
        subject when it is first seen, the rest is numbers, hexadecimal and base64.
        """
        known = self._heads.get(mailing_id)
        if known is None:
            known = self._heads[mailing_id] = b"".join(self._head_lines(mailing_id))
        return known

    def _head_lines(self, mailing_id: int) -> Iterator[bytes]:
        head = self.letterhead
        headers.ascii_value(head.tracker_url + head.domain)
        yield _fixed(b"From", headers.mailbox_value("From", head.from_name, head.from_address))
        yield b"To: %(to)b\r\n%(subject)bDate: %(date)b\r\nMessage-ID: %(number)b\r\n"
        if head.reply_to:
            yield _fixed(b"Reply-To", headers.mailbox_value("Reply-To", "", head.reply_to))
        if self.is_marketing:
            list_id = f"<{head.brand_id}.list.{head.domain}>"
            yield _fixed(b"List-ID", headers.ascii_value(list_id))
            yield b"List-Unsubscribe: <%(unsubscribe)b>\r\n"
            yield _fixed(b"List-Unsubscribe-Post", b"List-Unsubscribe=One-Click")
        feedback = f"{mailing_id}:{head.brand_id}:{head.tag}:sincerely"
        yield _fixed(b"Feedback-ID", headers.ascii_value(feedback))
        yield _fixed(b"MIME-Version", b"1.0")
        yield b'Content-Type: multipart/alternative; boundary="%(boundary)b"\r\n'

    def _subject(self, value: bytes) -> bytes:
        """The Subject's line, remembered: most contacts share it."""
        known = self._subjects.get(value)
        if known is None:
            if len(self._subjects) > LARGEST_MEMORY:
                self._subjects.clear()
            known = self._subjects[value] = headers.block([(b"Subject", value)])
        return known

    def _date(self, now: datetime) -> bytes:
        second = int(now.timestamp())
        known = self._dates.get(second)
        if known is None:
            self._dates = {second: format_datetime(now.astimezone(UTC)).encode()}
            known = self._dates[second]
        return known


def _fixed(name: bytes, value: bytes) -> bytes:
    """A line that is the same for all, checked, as part of a format."""
    return headers.block([(name, value)]).replace(b"%", b"%%")


def _plain(text: str) -> str:
    """Line ends as one sign, and none at the end: the email package adds one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
