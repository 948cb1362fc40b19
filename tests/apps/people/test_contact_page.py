"""The contact list and the contact page, opened and used as a member does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.consent import actions as consent
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts import actions as contacts
from sincerely.apps.contacts.models import Contact, ContactList, ContactNote
from sincerely.apps.interests import actions as interests
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.labels.models import Label
from sincerely.apps.people.queries.contact_list import Wanted, wanted_ids
from sincerely.apps.people.queries.contact_page import timeline
from sincerely.apps.segments.models import Segment
from sincerely.apps.team import typed
from sincerely.apps.team.models import AuditEntry
from tests.apps.interests.clicks import clicking
from tests.cast import Cast


def log_in(member: Any) -> Client:
    client = Client()
    client.force_login(member)
    return client


@pytest.fixture
def bob(cast: Cast) -> Client:
    return log_in(cast.bob)


@pytest.fixture
def ann(cast: Cast, now: datetime) -> Contact:
    return contacts.create_contact(
        "ann@example.com", now=now, actor=cast.actor, first_name="Ann", last_name="Berg"
    )


@pytest.fixture
def dogs(cast: Cast, now: datetime) -> Label:
    return Label.objects.create(name="Honden", created_at=now)


def let_in(contact: Contact, cast: Cast, now: datetime) -> None:
    consent.permit(
        contact.pk,
        subscription_type_id=consent.default_subscription_type(now).pk,
        channel="form",
        evidence=2,
        proof=Proof(address=contact.address, ip="192.0.2.7"),
        now=now,
        actor=cast.actor,
    )


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


@pytest.mark.requirement("R013")
def test_search_open_edit_and_see_it_with_member_and_time(
    bob: Client, ann: Contact, dogs: Label, cast: Cast
) -> None:
    assert "Ann Berg" in text_of(bob.get("/people/", {"q": "ber"}))
    assert "Nobody fits" in text_of(bob.get("/people/", {"q": "zzz"}))
    page = text_of(bob.get(f"/people/{ann.pk}/"))
    assert "You may not write to them." in page
    assert "They never agreed to Marketing Information" in page
    bob.post(f"/people/{ann.pk}/labels/give/", {"label": dogs.pk})
    page = text_of(bob.get(f"/people/{ann.pk}/"))
    assert "Label “Honden” given" in page
    assert "given by a member" in page
    assert "Bob" in page
    change = LabelChange.objects.get()
    assert f'datetime="{change.at.isoformat()}"' in page
    entry = AuditEntry.objects.get(act="label given")
    assert (entry.member_id, entry.subject_id) == (cast.bob.pk, ann.pk)


@pytest.mark.requirement("R021", partial="the contact's own form and a workflow's step")
def test_every_provenance_is_shown(
    bob: Client, ann: Contact, dogs: Label, cast: Cast, now: datetime
) -> None:
    interests.assign(ann.pk, dogs.pk, route="import", now=now, import_id=1)
    interests.assign(ann.pk, dogs.pk, route="manual", now=now, actor=cast.actor)
    interests.assign(ann.pk, dogs.pk, route="workflow", now=now)
    clicking(dogs, now=now).click(ann, at=now)
    page = text_of(bob.get(f"/people/{ann.pk}/"))
    for kind in ("import", "given by a member", "workflow", "clicks"):
        assert kind in page
    assert "1 click, on 1 day, in 1 mail" in page
    interests.assign(ann.pk, dogs.pk, route="self", now=now)
    assert "Preference: chosen by the contact" in text_of(bob.get(f"/people/{ann.pk}/"))


def test_labels_block_answers_only_news(
    bob: Client, ann: Contact, dogs: Label, now: datetime
) -> None:
    path = f"/people/{ann.pk}/labels/"
    first = bob.get(path, {"seen": "-"})
    assert first.status_code == 200
    seen = text_of(first).split("?seen=")[1].split('"')[0]
    assert bob.get(f"{path}?seen={seen}").status_code == 204
    clicking(dogs, now=now).click(ann, at=now)
    answer = bob.get(f"{path}?seen={seen}")
    assert "Honden" in text_of(answer)


def test_state_permission_and_proof_are_shown(
    bob: Client, ann: Contact, cast: Cast, now: datetime
) -> None:
    let_in(ann, cast, now)
    page = text_of(bob.get(f"/people/{ann.pk}/"))
    assert "You may write to them." in page
    assert "192.0.2.7" in page
    bob.post(f"/people/{ann.pk}/withdraw/")
    page = text_of(bob.get(f"/people/{ann.pk}/"))
    assert "They opted out of all marketing mail" in page
    assert page.index("Opted out of all marketing mail") < page.index(
        "Agreed to Marketing Information"
    )


@pytest.mark.requirement("R007")
def test_permission_by_hand_shows_the_caveat_and_keeps_the_note(
    bob: Client, ann: Contact, cast: Cast, now: datetime
) -> None:
    path = f"/people/{ann.pk}/permit/"
    for page in (path, "/people/subscription-types/", "/people/subscription-types/new/"):
        assert "This is not legal advice." in text_of(bob.get(page))
    kind = consent.default_subscription_type(now)
    given = {
        "subscription_type": kind.pk,
        "evidence": "1",
        "given_on": "2026-01-02",
        "document": "Card 7",
        "note": "Our lawyer agreed",
    }
    assert bob.post(path, {**given, "document": ""}).status_code == 422
    assert bob.post(path, given).status_code == 302
    assert "You may write to them." in text_of(bob.get(f"/people/{ann.pk}/"))
    entry = AuditEntry.objects.get(act="legal choice: permission")
    assert (entry.member_id, entry.detail["note"]) == (cast.bob.pk, "Our lawyer agreed")
    assert entry.at is not None
    new = {"name": "Offers", "description": "x", "promised_per_month": 2, "note": "See 12"}
    bob.post("/people/subscription-types/new/", new)
    entry = AuditEntry.objects.get(act="subscription type created")
    assert entry.detail["note"] == "See 12"


def test_new_contact_and_an_address_that_is_known(bob: Client, ann: Contact) -> None:
    assert bob.post("/people/new/", {"address": "nonsense"}).status_code == 422
    answer = bob.post("/people/new/", {"address": "Ann@EXAMPLE.com"})
    assert answer.status_code == 422
    assert "Somebody has this address already." in answer.content.decode()
    assert Contact.objects.count() == 1
    bob.post("/people/new/", {"address": "Ann@EXAMPLE.com", "share": "on"})
    assert Contact.objects.count() == 2
    page = text_of(bob.get(f"/people/{ann.pk}/"))
    assert "has the same address" in page


def test_edit_with_custom_fields(bob: Client, ann: Contact, cast: Cast, now: datetime) -> None:
    contacts.define_field("Dogs", kind="number", now=now, actor=cast.actor)
    path = f"/people/{ann.pk}/edit/"
    given = {"address": "ann@example.com", "tracking_tier": "none", "field_dogs": "two"}
    wrong = bob.post(path, given)
    assert wrong.status_code == 422
    assert "Write a number." in wrong.content.decode()
    assert bob.post(path, {**given, "field_dogs": "2"}).status_code == 302
    ann.refresh_from_db()
    assert (ann.fields, ann.tracking_tier, ann.first_name) == ({"dogs": 2}, "none", "")
    assert "dogs: – → 2" in text_of(bob.get(f"/people/{ann.pk}/"))


def test_filters_and_keyset_pages(bob: Client, dogs: Label, cast: Cast, now: datetime) -> None:
    people = [
        contacts.create_contact(f"p{i}@example.com", now=now, actor=cast.actor) for i in range(9)
    ]
    interests.assign_many([p.pk for p in people[:6]], dogs.pk, now=now, actor=cast.actor)
    fair = contacts.create_list("Fair", now=now, actor=cast.actor)
    contacts.add_to_list(fair.pk, [p.pk for p in people[3:]], now=now, actor=cast.actor)
    let_in(people[4], cast, now)
    let_in(people[5], cast, now)
    consent.withdraw(people[5].pk, subscription_type_id=None, channel="link", now=now)
    consent.suppress(bytes(people[3].address_key), reason="manual", now=now)
    rule = {"all": [{"criterion": "label", "label": dogs.pk}]}
    segment = Segment.objects.create(name="Dogs", rule=rule, created_at=now, changed_at=now)

    def found(**wanted: Any) -> list[int]:
        return [
            i - people[0].pk
            for i in wanted_ids(Wanted(**wanted), now=now + timedelta(hours=1), limit=20)
        ]

    assert found() == list(range(8, -1, -1))
    assert found(label_id=dogs.pk, list_id=fair.pk) == [5, 4, 3]
    assert found(segment_id=segment.pk, list_id=fair.pk) == [5, 4, 3]
    assert found(segment_id=segment.pk) == [5, 4, 3, 2, 1, 0]
    assert found(status="in") == [4]
    assert found(status="out") == [5]
    assert found(status="suppressed") == [3]
    assert found(status="unspecified", label_id=dogs.pk) == [3, 2, 1, 0]
    assert found(text="p4@", status="in") == [4]
    first = wanted_ids(Wanted(), now=now, limit=4)
    second = wanted_ids(Wanted(), now=now, before=first[-1], limit=4)
    assert not set(first) & set(second)
    assert len(second) == 4
    for query in ({"label": dogs.pk}, {"segment": segment.pk}, {"status": "in"}, {"segment": 99}):
        assert bob.get("/people/", query).status_code == 200


def test_bulk_label_with_preview_and_undo(
    bob: Client, ann: Contact, dogs: Label, cast: Cast, now: datetime
) -> None:
    bea = contacts.create_contact("bea@example.com", now=now, actor=cast.actor)
    cas = contacts.create_contact("cas@example.com", now=now, actor=cast.actor)
    interests.assign(ann.pk, dogs.pk, route="import", now=now)
    interests.remove(cas.pk, dogs.pk, route="self", now=now)
    wish = {"act": "give", "label_id": dogs.pk, "chosen": [ann.pk, bea.pk, cas.pk]}
    preview = text_of(bob.post("/people/bulk/", wish))
    assert "1 of them will change." in preview
    assert "1 have it already." in preview
    assert "1 removed it themselves" in preview
    assert ContactLabel.objects.filter(is_held=True).count() == 1
    assert bob.post("/people/bulk/", {**wish, "confirmed": "1"}).status_code == 302
    assert set(ContactLabel.objects.filter(is_held=True).values_list("contact_id", flat=True)) == {
        ann.pk,
        bea.pk,
    }
    page = text_of(bob.get("/people/"))
    undo = page.split('action="/people/bulk/undo/')[1].split('"')[0].replace("&amp;", "&")
    assert bob.post(f"/people/bulk/undo/{undo}").status_code == 302
    held = ContactLabel.objects.filter(is_held=True).values_list("contact_id", flat=True)
    assert list(held) == [ann.pk]


def test_many_are_changed_once_their_number_is_typed(
    bob: Client, ann: Contact, dogs: Label, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed, "TYPED_ABOVE", 0)
    wish = {"act": "give", "label_id": dogs.pk, "chosen": [ann.pk], "confirmed": "1"}
    answer = bob.post("/people/bulk/", wish | {"typed": "x1"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="x1"' in page
    assert 'aria-invalid="true"' in page
    assert not ContactLabel.objects.exists()
    assert bob.post("/people/bulk/", wish | {"typed": " 1"}).status_code == 302
    assert ContactLabel.objects.get().contact_id == ann.pk


def test_bulk_put_on_a_list_for_everybody_who_fits_and_undo(
    bob: Client, ann: Contact, cast: Cast, now: datetime
) -> None:
    contacts.create_contact("bea@example.com", now=now, actor=cast.actor)
    fair = contacts.create_list("Fair", now=now, actor=cast.actor)
    wish = {"act": "list", "list_id": fair.pk, "everybody": "1", "query": "q=ann"}
    bob.post("/people/bulk/", {**wish, "confirmed": "1"})
    assert list(ContactList.objects.get().listmembership_set.values_list("contact_id")) == [
        (ann.pk,)
    ]
    page = text_of(bob.get("/people/"))
    undo = page.split('action="/people/bulk/undo/')[1].split('"')[0].replace("&amp;", "&")
    bob.post(f"/people/bulk/undo/{undo}")
    assert not fair.listmembership_set.exists()


def test_story_is_paged_without_gaps(ann: Contact, cast: Cast, now: datetime) -> None:
    for minute in range(30):
        at = now + timedelta(minutes=minute // 3)
        contacts.note(ann.pk, "remark", now=at, actor=cast.actor, detail={"text": str(minute)})
    seen: list[int] = []
    cursor = ""
    while True:
        page, cursor = timeline(ann.pk, cursor=cursor, limit=7)
        seen.extend(m.pk for m in page)
        if not cursor:
            break
    ids = list(ContactNote.objects.filter(contact=ann).order_by("-at", "-pk"))
    assert seen == [n.pk for n in ids]


def test_viewer_sees_and_cannot_change(ann: Contact, dogs: Label, cast: Cast) -> None:
    vera = log_in(cast.vera)
    page = text_of(vera.get(f"/people/{ann.pk}/"))
    assert "Give a label" not in page
    for path in ("labels/give/", "withdraw/", "remark/"):
        assert vera.post(f"/people/{ann.pk}/{path}", {"label": dogs.pk}).status_code == 403
    assert vera.get(f"/people/{ann.pk}/edit/").status_code == 403
    assert Client().get(f"/people/{ann.pk}/").status_code == 302
    assert vera.get("/people/999999/").status_code == 404


def test_the_story_comes_with_the_labels_as_soon_as_something_happens(
    bob: Client, ann: Contact, dogs: Label, now: datetime
) -> None:
    path = f"/people/{ann.pk}/labels/"
    version = bob.get(f"/people/{ann.pk}/").context["version"]
    assert bob.get(f"{path}?seen={version}").status_code == 204
    clicking(dogs, now=now).click(ann, at=now)
    news = bob.get(f"{path}?seen={version}")
    assert '<ol id="story" hx-swap-oob="innerHTML">' in text_of(news)
    assert "Clicked a link" in text_of(news)
    version = news.context["version"]
    bob.post(f"/people/{ann.pk}/remark/", {"text": "Called about the puppy"})
    assert "Called about the puppy" in text_of(bob.get(f"{path}?seen={version}"))


def test_a_foreign_domain_is_shown_in_its_own_letters(
    bob: Client, cast: Cast, now: datetime
) -> None:
    contact = contacts.create_contact("søren@æbler.example", now=now, actor=cast.actor)
    assert contact.address == "søren@xn--bler-uoa.example"
    assert f'href="/people/{contact.pk}/">søren@æbler.example</a>' in text_of(bob.get("/people/"))
    for path in ("/people/", f"/people/{contact.pk}/"):
        page = text_of(bob.get(path))
        assert "søren@æbler.example" in page
        assert "søren@xn--bler-uoa.example" not in page.partition("<h1")[2].partition("</h1>")[0]
