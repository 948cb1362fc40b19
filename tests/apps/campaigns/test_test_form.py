"""A test as somebody: found by name or address, never by a number that nobody knows."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.campaigns.forms import TestForm as Form
from sincerely.apps.contacts.actions import create_contact
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann_id(cast: Cast, now: datetime) -> int:
    create_contact("bert@example.com", first_name="Bert", now=now, actor=cast.actor)
    create_contact("ann.b@example.com", first_name="Ann", now=now, actor=cast.actor)
    return create_contact("ann@example.com", first_name="Anna", now=now, actor=cast.actor).pk


def test_one_who_fits_is_meant(ann_id: int) -> None:
    for text in ("ann@example.com", "ANN@example.com", "Anna"):
        form = Form({"to": [], "as_contact": text})
        assert form.is_valid(), form.errors
        assert form.cleaned_data["as_contact"] == ann_id


@pytest.mark.parametrize(("text", "words"), [("Ann", "Several"), ("Zoë", "Nobody")])
def test_nobody_or_several_is_said_at_the_field(ann_id: int, text: str, words: str) -> None:
    form = Form({"to": [], "as_contact": text})
    assert not form.is_valid()
    assert words in str(form.errors["as_contact"])


def test_people_are_offered_while_typing(ann_id: int, cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    page = client.get("/mail/campaigns/people-like/", {"as_contact": "ann"}).content.decode()
    assert '<option value="ann@example.com">Anna</option>' in page
    assert "bert@" not in page


def test_an_address_on_the_test_list_is_offered_until_it_is_removed(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.alice)
    new = {"address": "press@example.org", "name": "Press"}
    client.post("/settings/transports/test-addresses/", new)
    assert ("press@example.org", "Press <press@example.org>") in Form().fields["to"].choices
    form = Form({"to": ["press@example.org"], "as_contact": ""})
    assert form.is_valid()
    assert form.addresses() == ["press@example.org"]
    page = client.get("/settings/transports/").content.decode()
    removal = re.findall(r"/settings/transports/test-addresses/\d+/remove/", page)[0]
    client.post(removal)
    assert "press@example.org" not in dict(Form().fields["to"].choices)
