"""Transports: every provider that anymail knows, and tests that tell what became of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
from anymail.exceptions import AnymailConfigurationError
from django.core.mail import get_connection
from django.test import Client
from django.urls import reverse

from sincerely.apps.sending.actions.senders import ensure_default_sender
from sincerely.apps.sending.actions.transports import mailbox_transport, secret_of
from sincerely.apps.sending.models import TestMail as SentTest
from sincerely.apps.sending.models import Transport
from sincerely.wire.providers import Account, known, send
from sincerely.wire.smtp.replies import Stage
from tests.cast import Cast

# SendGrid still works, but nobody at anymail tries it any more.
pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
FORM = {
    "name": "Provider",
    "kind": "provider",
    "port": 587,
    "security": "starttls",
    "secret": "canary-secret-1234",
    "connection_count": 4,
    "per_connection_count": 100,
}


@pytest.fixture
def alice(cast: Cast, client: Client, now: datetime) -> Client:
    ensure_default_sender(brand_id=cast.brand.pk, name="Shop", address="mail@shop.example", now=now)
    client.force_login(cast.alice)
    return client


def anymails_own() -> Iterator[str]:
    """Every backend of anymail that talks to a provider, by importing them all."""
    import pkgutil  # noqa: PLC0415

    import anymail.backends  # noqa: PLC0415 -- heavy

    for found in pkgutil.iter_modules(anymail.backends.__path__):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            backend = import_module(f"anymail.backends.{found.name}")
        is_real = hasattr(backend, "EmailBackend") and found.name not in ("test", "console")
        if is_real and found.name != "sendinblue":  # the old name of Brevo
            yield found.name


def test_every_provider_that_anymail_knows_can_be_chosen() -> None:
    assert set(known()) == set(anymails_own())
    assert len(known()) >= 14


@pytest.mark.parametrize("key", list(known()))
def test_its_form_asks_for_what_anymail_needs(
    alice: Client, cast: Cast, key: str, settings: Any
) -> None:
    page = alice.get(reverse("sending:transport-new"), {"provider": key}).content.decode()
    wanted = [one.name for one in known()[key].settings if one.is_required]
    for name in wanted:
        assert f'name="option_{name}"' in page
    values = FORM | {"provider": key}
    if wanted:
        assert alice.post(reverse("sending:transport-new"), values).status_code == 422
    given = values | {f"option_{name}": "https://x.example/" for name in wanted}
    assert alice.post(reverse("sending:transport-new"), given).status_code == 302
    stored = Transport.objects.get(name="Provider")
    assert stored.options == dict.fromkeys(wanted, "https://x.example/")
    arguments = Account(key, secret_of(stored), stored.options).arguments()
    assert "canary-secret-1234" in str(arguments)
    get_connection(f"anymail.backends.{key}.EmailBackend", **arguments)
    again = alice.get(reverse("sending:transport-edit", args=[stored.pk])).content.decode()
    assert again.count("https://x.example/") == len(wanted)
    assert known()[key].name in again


@pytest.mark.parametrize(("kind", "asked"), [("smtp", "host"), ("provider", "provider")])
def test_only_the_part_of_its_kind_is_asked_for(alice: Client, kind: str, asked: str) -> None:
    fresh = alice.get(reverse("sending:transport-new")).context["form"]
    assert not any("keep" in str(field.help_text) for field in fresh)  # nothing is stored yet
    values = FORM | {"kind": kind, "provider": "", "host": ""}
    answer = alice.post(reverse("sending:transport-new"), values)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [asked])
    other = (
        {"host": "mail.shop.example", "provider": ""} if kind == "smtp" else {"provider": "brevo"}
    )
    assert alice.post(reverse("sending:transport-new"), values | other).status_code == 302


def test_without_its_secret_anymail_refuses() -> None:
    """What the list calls a secret is what anymail cannot do without."""
    for key, provider in known().items():
        if key == "amazon_ses":  # finds the machine's own
            continue
        arguments: dict[str, Any] = dict.fromkeys(
            (s.name for s in provider.settings if s.is_required), "x"
        )
        with pytest.raises(AnymailConfigurationError, match=provider.secret.upper()):
            get_connection(f"anymail.backends.{key}.EmailBackend", **arguments)


def test_amazon_gets_its_credentials() -> None:
    account = Account("amazon_ses", "s3", {"aws_access_key_id": "AK", "region_name": "eu-west-1"})
    backend = get_connection("anymail.backends.amazon_ses.EmailBackend", **account.arguments())
    given = backend.client_params  # type: ignore[attr-defined]
    assert (given["aws_secret_access_key"], given["region_name"]) == ("s3", "eu-west-1")


def test_a_wrong_setting_is_an_outcome_and_no_crash() -> None:
    mail = b"From: a@shop.example\r\nTo: b@team.example\r\nSubject: x\r\n\r\nhello\r\n"
    outcome = send(Account("postal", "key"), mail)  # where is it?
    assert (outcome.stage, outcome.is_accepted) == (Stage.CONNECT, False)


def test_further_settings_are_empty_not_null(alice: Client) -> None:
    page = alice.get(reverse("sending:transport-new")).content.decode()
    assert "null" not in page.partition("id_provider_options")[2][:200]


def test_an_unknown_provider_is_refused(alice: Client) -> None:
    assert (
        alice.post(reverse("sending:transport-new"), FORM | {"provider": "smoke"}).status_code
        == 422
    )


def test_a_transport_in_trouble_is_not_called_ready(
    alice: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sincerely.apps.sending.views.transports.locked_because", lambda *_: [])
    relay = Transport.objects.create(name="Relay", kind="smtp", host="x.example", created_at=now)
    page = reverse("sending:transport", args=[relay.pk])
    assert "alert-success" in alice.get(page).content.decode()
    Transport.objects.update(trouble="refused")
    troubled = alice.get(page).content.decode()
    assert ("alert-warning" in troubled, "alert-success" in troubled) == (True, False)


def test_a_transport_shows_only_its_own_tests_in_words(
    alice: Client, cast: Cast, now: datetime
) -> None:
    box = mailbox_transport(now=now)
    SentTest.objects.create(address="earlier@team.example", at=now, outcome="2.0.0 Kept")
    SentTest.objects.create(
        transport=box, address="box@team.example", at=now, outcome="2.0.0 Kept", is_accepted=True
    )
    relay = Transport.objects.create(
        name="Relay", kind="smtp", host="127.0.0.1", port=1, security="none", created_at=now
    )
    for host in ("127.0.0.1", "no.such.host.invalid"):
        Transport.objects.filter(pk=relay.pk).update(host=host)
        alice.post(
            reverse("sending:transport-test", args=[relay.pk]), {"address": "me@team.example"}
        )
    page = alice.get(reverse("sending:transport", args=[relay.pk])).content.decode()
    assert "earlier@team.example" not in page
    assert "box@team.example" not in page
    assert "The server takes no connections at this port." in page
    assert "There is no server of this name." in page
    assert "Errno" not in page
    there = alice.get(reverse("sending:transport", args=[box.pk])).content.decode()
    assert "box@team.example — accepted" in there
