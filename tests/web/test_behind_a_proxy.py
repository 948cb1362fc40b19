"""Behind a reverse proxy a page knows its reader, and only a trusted proxy may name one."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from sincerely.apps.team.models import AuditEntry
from tests.cast import Cast


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.1, 203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.2", "nonsense", "10.0.0.2"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("2001:db8::1", "198.51.100.1", "2001:db8::1"),
    ],
)
def test_a_login_is_noted_with_the_address_of_its_reader(
    cast: Cast, client: Client, settings: LazySettings, peer: str, said: str, found: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    given = {"login": cast.alice.email, "password": "correct horse battery"}
    client.post("/account/login/", given, REMOTE_ADDR=peer, headers={"X-Forwarded-For": said})
    assert AuditEntry.objects.get(act="member.logged_in").ip == found
