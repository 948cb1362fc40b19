"""Why a server could not be talked to, in the reader's language.

The wire says it in plain English, some with a detail after a colon (wire/smtp/session.py).
What a server itself said is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from sincerely.apps.segments.rules.marking import gettext_noop

SENTENCES = frozenset(
    (
        gettext_noop("There is no server of this name."),
        gettext_noop("The server takes no connections at this port."),
        gettext_noop("The server did not answer in time."),
        gettext_noop("The server's certificate is not trusted"),
        gettext_noop("The connection could not be encrypted: does the encryption fit the port?"),
        gettext_noop("The server cannot be reached"),
        gettext_noop("The server refused the session."),
        gettext_noop("The server does not offer STARTTLS."),
        gettext_noop("The user name or password was refused."),
        gettext_noop("The connection was lost."),
        gettext_noop("The server did not answer."),
    )
)


def trouble_words(said: str, translate: Callable[[str], str]) -> str:
    """Return a trouble in words; a server's own words stay as they are."""
    if said in SENTENCES:
        return translate(said)
    sentence, colon, detail = said.partition(": ")
    if colon and sentence in SENTENCES:
        return f"{translate(sentence)}: {detail}"
    return said
