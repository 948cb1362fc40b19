"""Lists, fields, types, suppression and labels as pages: open, change, refuse."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.consent import actions as consent
from sincerely.apps.consent.models import SubscriptionType, Suppression
from sincerely.apps.contacts import actions
from sincerely.apps.contacts.models import Contact, ContactList, FieldDefinition
from sincerely.apps.interests import actions as interests
from sincerely.apps.labels.models import Label, LinkRule
from tests.cast import Cast


@pytest.fixture
def bob(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.bob)
    return client


@pytest.fixture
def ann(cast: Cast, now: datetime) -> Contact:
    return actions.create_contact("ann@example.com", now=now, actor=cast.actor)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_list_is_made_filled_renamed_and_put_away(bob: Client, ann: Contact) -> None:
    assert "No list yet." in text_of(bob.get("/people/lists/"))
    bob.post("/people/lists/new/", {"name": "Fair"})
    assert bob.post("/people/lists/new/", {"name": "Fair "}).status_code == 422
    path = f"/people/lists/{ContactList.objects.get().pk}/"
    bob.post(f"{path}add/", {"address": "ANN@example.com"})
    assert "ann@example.com" in text_of(bob.get(path))
    bob.post(f"{path}take/", {"chosen": [ann.pk]})
    assert "Nobody is on this list." in text_of(bob.get(path))
    bob.post(f"{path}edit/", {"name": "Fair 2026", "description": "Ghent"})
    bob.post(f"{path}archive/")
    assert "Fair 2026" not in text_of(bob.get("/people/lists/"))
    assert "Fair 2026" in text_of(bob.get("/people/lists/?archived=1"))
    assert bob.get("/people/lists/999/").status_code == 404


def test_field_is_defined_and_its_kind_stays(bob: Client) -> None:
    assert bob.post("/people/fields/new/", {"name": "Size", "kind": "choice"}).status_code == 422
    bob.post("/people/fields/new/", {"name": "Size", "kind": "choice", "choices": "S\nM\nM"})
    field = FieldDefinition.objects.get()
    assert (field.key, field.choices) == ("size", ["S", "M"])
    bob.post(f"/people/fields/{field.pk}/edit/", {"name": "Shirt", "choices": "S", "kind": "text"})
    field.refresh_from_db()
    assert (field.name, field.kind, field.key) == ("Shirt", "choice", "size")
    assert "contact.size" in text_of(bob.get("/people/fields/"))
    bob.post(f"/people/fields/{field.pk}/archive/")
    assert FieldDefinition.objects.get().archived_at is not None


@pytest.mark.requirement("R008", partial="the wizard's first step, which needs forms")
def test_subscription_types_need_a_promise_and_used_ones_stay(
    bob: Client, ann: Contact, cast: Cast, now: datetime
) -> None:
    assert "Marketing Information" in text_of(bob.get("/people/subscription-types/"))
    new = {"name": "Offers", "description": "Sales"}
    assert bob.post("/people/subscription-types/new/", new).status_code == 422
    bob.post("/people/subscription-types/new/", {**new, "promised_per_month": 2})
    kind = SubscriptionType.objects.get(name="Offers")
    consent.withdraw(ann.pk, subscription_type_id=kind.pk, channel="link", now=now)
    bob.post(f"/people/subscription-types/{kind.pk}/end/")
    kind.refresh_from_db()
    assert kind.archived_at is not None
    default = consent.default_subscription_type(now)
    bob.post(f"/people/subscription-types/{default.pk}/end/")
    assert SubscriptionType.objects.get(pk=default.pk).archived_at is None
    bob.post("/people/subscription-types/new/", {**new, "name": "Spare", "promised_per_month": 1})
    spare = SubscriptionType.objects.get(name="Spare")
    assert "Delete it" in text_of(bob.get(f"/people/subscription-types/{spare.pk}/"))
    bob.post(f"/people/subscription-types/{spare.pk}/end/")
    assert not SubscriptionType.objects.filter(name="Spare").exists()


def test_suppression_is_searched_by_address_and_lifted_with_a_reason(bob: Client) -> None:
    bob.post("/people/suppression/new/", {"address": "anna@example.com", "detail": "asked"})
    row = Suppression.objects.get()
    assert "a…a@example.com" in text_of(bob.get("/people/suppression/"))
    assert "asked" in text_of(bob.get("/people/suppression/", {"q": "ANNA@example.com"}))
    assert "not suppressed" in text_of(bob.get("/people/suppression/", {"q": "x@example.com"}))
    assert bob.post(f"/people/suppression/{row.pk}/lift/", {"note": ""}).status_code == 422
    bob.post(f"/people/suppression/{row.pk}/lift/", {"note": "a typo"})
    row.refresh_from_db()
    assert row.lifted_at is not None
    assert bob.get(f"/people/suppression/{row.pk}/lift/").status_code == 404


def test_label_pages_from_new_to_merged(
    bob: Client, ann: Contact, cast: Cast, now: datetime
) -> None:
    assert "No label yet." in text_of(bob.get("/people/labels/"))
    assert bob.post("/people/labels/new/", {"name": "a,b", "kind": "product"}).status_code == 422
    bob.post("/people/labels/new/", {"name": "Hond", "kind": "product"})
    bob.post("/people/labels/new/", {"name": "Honden", "kind": "product", "is_public": "on"})
    assert bob.post("/people/labels/new/", {"name": "Hond", "kind": "content"}).status_code == 422
    old, new = Label.objects.order_by("name")
    interests.assign(ann.pk, old.pk, route="manual", now=now, actor=cast.actor)
    path = f"/people/labels/{old.pk}/"
    bob.post(f"{path}rules/add/", {"pattern": "https://shop.example/dogs/*"})
    page = text_of(bob.get(path))
    assert "ann@example.com" in page
    assert "https://shop.example/dogs/*" in page
    bob.post(f"{path}edit/", {"name": "Dog", "kind": "content"})
    assert "1" in text_of(bob.post(f"{path}merge/", {"into": new.pk}))
    assert bob.get(f"{path}merge/").headers["Location"] == path
    assert "Merge “Dog” into “Honden”" in text_of(
        bob.get(f"{path}merge/?into={new.pk}&confirmed=1")
    )
    assert Label.objects.get(pk=old.pk).merged_into_id is None
    bob.post(f"{path}merge/", {"into": new.pk, "confirmed": "1"})
    assert LinkRule.objects.get().label_id == new.pk
    assert "was merged into “Honden”" in text_of(bob.get(path))
    assert "ann@example.com" in text_of(bob.get(f"/people/labels/{new.pk}/"))
    rule = LinkRule.objects.get()
    bob.post(f"/people/labels/{new.pk}/rules/{rule.pk}/drop/")
    bob.post(f"/people/labels/{new.pk}/archive/")
    assert not LinkRule.objects.exists()
    assert "Honden" in text_of(bob.get("/people/labels/?archived=1"))


def test_viewer_opens_every_page_and_changes_none(cast: Cast, ann: Contact, now: datetime) -> None:
    vera = Client()
    vera.force_login(cast.vera)
    label = Label.objects.create(name="Honden", created_at=now)
    made = actions.create_list("Fair", now=now, actor=cast.actor)
    for path in (
        "lists/",
        f"lists/{made.pk}/",
        "fields/",
        "subscription-types/",
        "suppression/",
        "labels/",
        f"labels/{label.pk}/",
    ):
        assert vera.get(f"/people/{path}").status_code == 200, path
    for path in (
        "lists/new/",
        f"lists/{made.pk}/edit/",
        "fields/new/",
        "subscription-types/new/",
        "suppression/new/",
        "labels/new/",
        f"labels/{label.pk}/merge/",
    ):
        assert vera.get(f"/people/{path}").status_code == 403, path
