"""Two members with one form open: who saves second is told, and keeps what they entered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.contacts.models import Contact
from sincerely.apps.labels.models import Label
from tests.apps.campaigns.desk import draft, put_on_list
from tests.apps.sending.people import add_contact, marketing
from tests.cast import Cast

TOLD = "Somebody else has saved this since you opened it"


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def opened(client: Client, path: str) -> dict[str, Any]:
    """What a browser would send in of a form that was just opened, its hidden mark included."""
    answer = client.get(path)
    form = answer.context["form"]
    assert f'name="seen" value="{form.seen}"' in answer.content.decode()
    shown = {name: field.value() for name, field in ((n, form[n]) for n in form.fields)}
    sent = {name: value for name, value in shown.items() if value not in (None, False, "")}
    return {**sent, "seen": form.seen}


def places(cast: Cast, now: datetime) -> list[tuple[str, str]]:
    """Forms, each with a text in it."""
    ann = add_contact("ann@example.com", now=now)
    friends = put_on_list("Friends", [ann], now=now)
    label = Label.objects.create(name="Dogs", created_at=now)
    kind = marketing(now)
    campaign = draft(cast, now=now)
    return [
        (f"/people/{ann.pk}/edit/", "first_name"),
        (f"/people/lists/{friends.pk}/edit/", "name"),
        (f"/people/labels/{label.pk}/edit/", "description"),
        (f"/people/subscription-types/{kind.pk}/", "description"),
        (f"/mail/campaigns/{campaign.pk}/envelope/", "name"),
        (f"/settings/senders/{campaign.sender_id}/edit/", "name"),
        ("/settings/organisation/", "name"),
        (f"/settings/brands/{cast.brand.pk}/", "name"),
        (f"/settings/thank-you/{cast.brand.pk}/en/", "heading"),
    ]


def test_the_second_is_told_and_may_insist(cast: Cast, alice: Client, now: datetime) -> None:
    for path, field in places(cast, now):
        first, second = opened(alice, path), opened(alice, path)
        assert alice.post(path, first | {field: "Hers"}).status_code == 302, path
        answer = alice.post(path, second | {field: "His"})
        page = answer.content.decode()
        assert TOLD in page, path
        assert "His" in page, path
        assert opened(alice, path)[field] == "Hers", path
        insists = second | {field: "His", "seen": answer.context["form"].seen}
        assert alice.post(path, insists).status_code == 302, path
        assert opened(alice, path)[field] == "His", path


def test_the_same_words_twice_are_no_conflict(cast: Cast, alice: Client, now: datetime) -> None:
    ann = add_contact("ann@example.com", now=now)
    path = f"/people/{ann.pk}/edit/"
    given = opened(alice, path) | {"first_name": "Ann"}
    assert [alice.post(path, given).status_code for _twice in range(2)] == [302, 302]
    assert Contact.objects.get(pk=ann.pk).first_name == "Ann"


def test_an_audience_that_somebody_else_chose_is_not_overwritten(
    cast: Cast, alice: Client, now: datetime
) -> None:
    people = [add_contact(f"{name}@example.com", now=now) for name in ("ann", "ben")]
    lists = [put_on_list(f"List {person.pk}", [person], now=now) for person in people]
    campaign = draft(cast, now=now)
    path = f"/mail/campaigns/{campaign.pk}/people/"
    seen = opened(alice, path)["seen"]
    chosen = [{"include": f"list:{one.pk}", "seen": seen} for one in lists]
    assert alice.post(path, chosen[0]).status_code == 302
    assert TOLD in alice.post(path, chosen[1]).content.decode()
    campaign.refresh_from_db()
    assert campaign.audience["include"] == [{"list": lists[0].pk}]
