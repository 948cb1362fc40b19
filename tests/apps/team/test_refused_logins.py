"""Refused logins are in the trail: masked, without what was typed, and bounded under a flood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.team.actions import note_refused_login
from sincerely.apps.team.actions.refusals import MOST_ADDRESSES
from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import masked
from tests.cast import Cast


@pytest.fixture(autouse=True)
def rested() -> Iterator[None]:
    """The login's own limits are kept in the cache: each test begins with none."""
    cache.clear()
    yield
    cache.clear()


def tries(client: Client, address: str, times: int = 1, **more: Any) -> None:
    for _ in range(times):
        given = {"login": address, "password": "Tr0ub4dor and secret"}
        assert client.post("/account/login/", given, **more).status_code == 200


def entries() -> list[tuple[str, str, Any]]:
    rows = AuditEntry.objects.order_by("pk")
    return [(row.act, row.subject_name, row.detail.get("tries")) for row in rows]


def test_tries_are_counted_and_lock_outs_noted_without_what_was_typed(
    cast: Cast, client: Client
) -> None:
    tries(client, "Alice@Team.example", 8, REMOTE_ADDR="192.0.2.9")
    assert entries() == [
        ("login.refused", "a…@team.example", 5),
        ("login.locked", "a…@team.example", None),
    ]
    row = AuditEntry.objects.values().earliest("pk")
    assert "ub4dor" not in str(row)
    assert "lice" not in str(row)
    assert row["ip"] == "192.0.2.9"
    assert row["member_id"] is None


def test_who_is_stopped_for_where_they_come_from_is_told_and_noted(
    cast: Cast, client: Client
) -> None:
    tries(client, "nobody@else.example", 30, REMOTE_ADDR="192.0.2.9")
    given = {"login": "vera@team.example", "password": "Tr0ub4dor and secret"}
    answer = client.post(
        "/account/login/", given, REMOTE_ADDR="192.0.2.9", headers={"accept-language": "nl"}
    )
    assert answer.status_code == 429
    assert "Te veel pogingen" in answer.content.decode()
    assert ("login.locked", "v…@team.example", None) in entries()


def test_a_wrong_password_is_told_in_our_words(cast: Cast, client: Client) -> None:
    given = {"login": "vera@team.example", "password": "Tr0ub4dor and secret"}
    told = {
        "en": "is not right. Try once more",
        "nl": "klopt niet",
        "sv": "stämmer inte",
        "da": "er ikke rigtig",
    }
    for language, words in told.items():
        page = client.post("/account/login/", given, headers={"accept-language": language})
        assert words in page.content.decode(), language


def test_the_page_tells_it_in_words(cast: Cast, client: Client) -> None:
    tries(client, "nobody@else.example", 2)
    client.force_login(cast.alice)
    page = client.get("/settings/audit/").content.decode()
    assert "could not log in: wrong address or password (2 tries)" in page
    assert "n…@else.example" in page
    assert "somebody" in page
    only = client.get("/settings/audit/", {"act": "login.refused"}).content.decode()
    assert "n…@else.example" in only


@pytest.mark.django_db
def test_a_flood_of_addresses_stays_small_and_a_new_hour_is_a_new_entry(now: datetime) -> None:
    for number in range(2 * MOST_ADDRESSES):
        note_refused_login(f"p{number}@flood.example", "login.refused", now=now, ip="192.0.2.1")
    assert AuditEntry.objects.count() == MOST_ADDRESSES + 1
    rest = AuditEntry.objects.latest("pk")
    assert (rest.subject_name, rest.detail["tries"]) == ("…", MOST_ADDRESSES)
    later = now + timedelta(hours=1)
    note_refused_login("p1@flood.example", "login.refused", now=later, ip="192.0.2.1")
    assert AuditEntry.objects.count() == MOST_ADDRESSES + 2


def test_a_wrong_code_of_the_second_step_is_noted(cast: Cast, client: Client) -> None:
    TOTP.activate(cast.alice, "JBSWY3DPEHPK3PXP")
    given = {"login": cast.alice.email, "password": "correct horse battery"}
    assert client.post("/account/login/", given)["Location"] == "/account/2fa/authenticate/"
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert ("login.code_refused", "a…@team.example", 1) in entries()


@given(st.text(max_size=40))
def test_a_mask_shows_at_most_one_sign_before_the_domain(text: str) -> None:
    local, _at, _domain = masked(text).rpartition("@")
    assert masked(text) == "…" or (len(local) == 2 and text.strip().startswith(local[0]))


def test_a_password_in_the_wrong_field_is_not_kept() -> None:
    assert masked("hunter2-and-more") == "…"
    assert masked("hunter2@home") == "…"
