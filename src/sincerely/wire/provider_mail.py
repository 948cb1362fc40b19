"""Handing mail to a provider's API by django-anymail, with the same outcomes as SMTP gives.

anymail speaks a dozen dialects and is well kept; it blocks, so callers use a thread pool. The mail
as made is parsed again and given as its parts, since most providers take no ready-made MIME.
"""

from __future__ import annotations

import email
from collections.abc import Mapping
from email.policy import default as modern
from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
)
from botocore.exceptions import BotoCoreError
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection

from sincerely.wire.smtp.replies import Outcome, Reply, Stage

OWN_HEADERS = {
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
}
# A gateway in front of the provider got no answer from it: the mail may have been taken.
GATEWAY = (502, 504)


def send(raw: bytes, *, backend: str, arguments: Mapping[str, Any]) -> Outcome:
    """Hand one mail to a backend of anymail; never raises for what a provider answers."""
    try:
        message = _message(raw)
        message.connection = get_connection(f"anymail.backends.{backend}.EmailBackend", **arguments)
        message.send()
    except (AnymailError, ImproperlyConfigured, BotoCoreError, requests.RequestException) as error:
        return _failed(error)
    status = message.anymail_status  # type: ignore[attr-defined]
    if status.status and status.status <= {"rejected", "failed", "invalid"}:
        return Outcome(Stage.RECIPIENT, Reply(550, "The provider rejected the address."))
    return Outcome(Stage.CONTENT, Reply(250, str(status.message_id or "")[:200]))


def _failed(error: Exception) -> Outcome:
    words = (str(error).splitlines() or [type(error).__name__])[0][:300]
    if isinstance(error, AnymailRecipientsRefused):
        return Outcome(Stage.RECIPIENT, Reply(550, words))
    if isinstance(error, AnymailAPIError):  # some are a RequestException as well
        return _answer(error)
    if isinstance(error, requests.RequestException):
        return _lost(error)
    if isinstance(error, AnymailError):
        return Outcome(Stage.SENDER, Reply(550, words))
    return Outcome(Stage.CONNECT, Reply(535, words))  # the account's settings are not right


def _lost(error: Exception) -> Outcome:
    """A connection that was never made is known; one that broke is not."""
    if isinstance(error, requests.ConnectTimeout) or "Failed to establish" in str(error):
        return Outcome(Stage.CONNECT, None)
    return Outcome(Stage.CONTENT, None, is_unknown=True)


def _answer(error: AnymailAPIError) -> Outcome:
    status = error.status_code or 0
    words = str(error).splitlines()[0][:300]
    if isinstance(error.__cause__, requests.RequestException):
        return _lost(error.__cause__)
    if 200 <= status < 300 or status in GATEWAY:
        return Outcome(Stage.CONTENT, None, is_unknown=True)
    if status in (401, 403):
        return Outcome(Stage.CONNECT, Reply(535, words))
    if status == 429 or status >= 500 or status == 0:
        return Outcome(Stage.DATA, Reply(451, words))
    return Outcome(Stage.DATA, Reply(554, words))


def _message(raw: bytes) -> EmailMultiAlternatives:
    mail = email.message_from_bytes(raw, policy=modern)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))  # type: ignore[attr-defined]
    message = EmailMultiAlternatives(
        subject=str(mail["Subject"] or ""),
        body=text.get_content() if text else "",
        from_email=str(mail["From"]),
        to=[str(mail["To"])],
        reply_to=[str(mail["Reply-To"])] if mail["Reply-To"] else None,
        headers={k: str(v) for k, v in mail.items() if k.lower() not in OWN_HEADERS},
    )
    if html:
        message.attach_alternative(html.get_content(), "text/html")
    return message
