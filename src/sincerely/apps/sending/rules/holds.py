"""Why mailings are held: stored as a code with a detail, said in the reader's language.

A stored reason is `code: detail`. Anything else, such as what a person wrote, is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

from sincerely.apps.segments.rules.marking import gettext_noop
from sincerely.apps.sending.rules.readiness import WORDS

LONGEST = 200


class Why(StrEnum):
    """The codes, with what their detail says."""

    RESTORED = "restored"  # when the backup was made
    LOCKED = "locked"  # what is not proven yet: spf, dkim, public_address …
    SENDER_REFUSED = "sender_refused"  # what the server said
    NO_CONTENT = "no_content"
    DIFFERS = "differs"  # the part of the mail
    CANNOT_BE_MADE = "cannot_be_made"  # the problem


SENTENCES: dict[str, str] = {
    Why.RESTORED: gettext_noop(
        "Restored from a backup of %(detail)s. What happened after that is not known here:"
        " people may have got this already."
    ),
    Why.SENDER_REFUSED: gettext_noop("The server refuses the sender: %(detail)s"),
    Why.NO_CONTENT: gettext_noop("This mailing has no content."),
    Why.CANNOT_BE_MADE: gettext_noop("The mail cannot be made: %(detail)s"),
}
PARTS = {
    "subject": gettext_noop("The subject differs from the reference."),
    "text": gettext_noop("The text part differs from the reference."),
    "html": gettext_noop("The HTML part differs from the reference."),
}


def reason_of(code: Why, detail: str = "") -> str:
    """Return a reason as it is stored."""
    return f"{code}: {detail}"[:LONGEST]


def restored(made_at: datetime) -> str:
    """Return the reason after a restore from a backup of that moment."""
    return reason_of(Why.RESTORED, made_at.astimezone(UTC).isoformat(timespec="minutes"))


def words_of(
    reason: str, translate: Callable[[str], str], *, shown: Callable[[datetime], str]
) -> str:
    """Return a stored reason in words; `shown` says a moment as the reader is used to."""
    code, _colon, detail = reason.partition(": ")
    if code == Why.LOCKED:
        return " ".join(
            translate(WORDS[lock]) if lock in WORDS else lock for lock in detail.split()
        )
    if code == Why.DIFFERS:
        return translate(PARTS.get(detail, detail or reason))
    if code == Why.RESTORED:
        try:
            detail = shown(datetime.fromisoformat(detail))
        except ValueError:
            return reason  # a person wrote it
    sentence = SENTENCES.get(code)
    if sentence is None:
        return reason
    is_moment = code == Why.RESTORED
    return translate(sentence) % {"detail": detail if is_moment else _said(detail, translate)}


def _said(detail: str, translate: Callable[[str], str]) -> str:
    return translate(detail) if detail else ""  # gettext gives its header for nothing
