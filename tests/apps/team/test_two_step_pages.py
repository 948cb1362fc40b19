"""Two-step login from on to off in four languages: our words on every page, and a way back in."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.utils.translation import gettext, override

from sincerely.project import owner_link
from tests.cast import Cast

STOCK = ("Two-Factor", "Tweestaps", "Tvåfaktor", "To-faktor", "Authenticator", "authenticator app")
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def rested() -> Iterator[None]:
    """The limits of allauth are kept in the cache: each test begins with none."""
    cache.clear()
    yield
    cache.clear()


def code_of(secret: str) -> str:
    return str(hotp_value(secret, next(yield_hotp_counters_from_time()))).zfill(6)


def page(client: Client, address: str, title: str, language: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.get("Location"))
    text = answer.content.decode()
    with override(language):
        said = gettext(title)
    assert language == "en" or said != title, title
    assert said.replace("’", "&#x27;") in text or said in text, (address, said)
    shown = text.replace("Google Authenticator", "")
    assert [word for word in STOCK if word in shown] == [], address
    return text


@pytest.mark.parametrize("language", ["en", "nl", "sv", "da"])
def test_every_page_speaks_our_words(
    cast: Cast,
    client: Client,
    language: str,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    type(cast.alice).objects.filter(pk=cast.alice.pk).update(language=language)
    given = {"login": cast.alice.email, "password": PASSWORD}
    client.post("/account/login/", given)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    home = "/account/2fa/"
    page(client, home, "Your password alone opens the door.", language)
    page(client, f"{home}totp/activate/", "Turn on two-step login", language)
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{home}totp/activate/", {"code": code_of(secret)})
    codes = page(client, f"{home}recovery-codes/", "Recovery codes", language)
    assert codes.partition('class="codes"')[2].count("<li>") == 10
    page(client, home, "You are asked for a code of your app whenever you log in.", language)
    page(client, f"{home}recovery-codes/generate/", "New recovery codes?", language)
    page(client, f"{home}totp/deactivate/", "Turn off two-step login?", language)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{home}totp/deactivate/")
    page(client, home, "Two-step login is off.", language)


@pytest.mark.parametrize("language", ["en", "nl", "sv", "da"])
def test_the_second_step_and_the_way_out_speak_our_words(cast: Cast, language: str) -> None:
    TOTP.activate(cast.alice, "JBSWY3DPEHPK3PXP")
    given = {"login": cast.alice.email, "password": PASSWORD}
    second = Client(headers={"accept-language": language})
    second.post("/account/login/", given)
    page(second, "/account/2fa/authenticate/", "The second step", language)
    type(cast.bob).objects.filter(pk=cast.bob.pk).update(language=language)
    second.force_login(cast.bob)
    second.post("/account/logout/")
    page(second, "/account/login/", "You are logged out.", language)


def test_who_lost_phone_and_codes_is_let_in_from_the_server(
    cast: Cast, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    TOTP.activate(cast.alice, "JBSWY3DPEHPK3PXP")
    parser = argparse.ArgumentParser()
    owner_link.add_arguments(parser)
    options = parser.parse_args(["--member", cast.alice.email, "--no-second-step"])
    assert owner_link.run(options) == 0
    assert "Two-step login is off for alice@team.example." in capsys.readouterr().out
    answer = client.post("/account/login/", {"login": cast.alice.email, "password": PASSWORD})
    assert answer["Location"] == "/"
