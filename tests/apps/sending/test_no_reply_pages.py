"""An address that refuses answers is warned against where it is chosen: set-up and envelope."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.sending.models import SenderIdentity
from tests.apps.campaigns.desk import draft
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize(
    ("address", "is_warned"), [("noreply@x.example", True), ("hi@x.example", False)]
)
def test_set_up_warns_of_a_no_reply_address(client: Client, address: str, is_warned: bool) -> None:
    given = {
        "name": "Pet shop",
        "postal_address": "1 High Street",
        "accent_colour": "#245848",
        "sender_name": "Pet shop",
        "sender_address": address,
    }
    page = client.post("/set-up/organisation/", given, follow=True)
    assert page.redirect_chain
    assert (f"People cannot answer {address}" in page.content.decode()) is is_warned


def test_the_envelope_warns_of_a_no_reply_address(
    cast: Cast, client: Client, now: datetime
) -> None:
    campaign = draft(cast, now=now)
    address = f"/mail/campaigns/{campaign.pk}/write/"
    words = "The reply address tells people not to answer"
    assert words not in client.get(address).content.decode()
    SenderIdentity.objects.update(address="noreply@shop.example", reply_to="")
    assert words in client.get(address).content.decode()
