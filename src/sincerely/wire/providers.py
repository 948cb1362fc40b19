"""The mail providers that can be chosen, and the hand-over to one, by django-anymail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sincerely.wire.smtp.replies import Outcome

# Per provider: module of anymail's backend, and the name its secret has there.
PROVIDERS = {
    "amazon_ses": "api_secret",
    "brevo": "api_key",
    "mailgun": "api_key",
    "mailjet": "secret_key",
    "postmark": "server_token",
    "sendgrid": "api_key",
    "sparkpost": "api_key",
}


@dataclass(frozen=True, slots=True)
class Account:
    """One account with one provider; `options` are anymail's further arguments."""

    provider: str
    secret: str
    options: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Account({self.provider})"


def send(account: Account, raw: bytes) -> Outcome:
    """Hand one mail over and say what came of it; never raises for what a provider answers."""
    from sincerely.wire import provider_mail  # noqa: PLC0415 -- requests and anymail: 0.15 s

    return provider_mail.send(account, raw)
