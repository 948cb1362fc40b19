"""A zero byte in an address or a form: PostgreSQL breaks at it, SQLite would keep it."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.contacts.models import ContactNote
from tests.apps.sending.people import add_contact
from tests.cast import Cast


@pytest.mark.parametrize(
    "address",
    [
        "/people/?q=a%00b",
        "/search?q=%00",
        "/people/labels/?q=%00",
        "/people/suppression/?q=%00",
        "/mail/campaigns/?q=%00",
        "/mail/images/?q=%00",
        "/people/?%00=1",
        "/people/labels/?q=%0%000",
    ],
)
def test_a_zero_byte_in_a_query_is_left_out(cast: Cast, client: Client, address: str) -> None:
    client.force_login(cast.alice)
    assert client.get(address).status_code in {200, 404}


def test_a_zero_byte_in_an_address_is_refused(cast: Cast, client: Client) -> None:
    answer = client.get("/join/%00/")
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode()


def test_a_zero_byte_in_a_form_is_refused(cast: Cast, client: Client, now: datetime) -> None:
    ann = add_contact("ann@example.com", now=now)
    client.force_login(cast.alice)
    answer = client.post(f"/people/{ann.pk}/remark/", {"text": "called\x00 her"})
    assert answer.status_code == 400
    assert not ContactNote.objects.exists()
