"""Labels given and taken: provenance, the contact's own word, undo, and the old merged model."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sincerely.apps.consent import actions as consent
from sincerely.apps.consent.models import Permission
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.contacts.models import Contact
from sincerely.apps.interests import actions, queries
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.interests.rules.conversion import Becomes
from sincerely.apps.labels.models import Label
from sincerely.apps.team.models import AuditEntry
from tests.apps.interests.clicks import clicking
from tests.cast import Cast


@pytest.fixture
def ann(cast: Cast, now: datetime) -> Contact:
    return create_contact("ann@example.com", now=now, actor=cast.actor)


@pytest.fixture
def cats(cast: Cast, now: datetime) -> Label:
    return Label.objects.create(name="Katten", created_at=now, is_public=True)


@pytest.mark.requirement("R011", partial="the form and the preference page")
def test_self_removed_label_is_not_restored_by_a_click(
    ann: Contact, cats: Label, now: datetime
) -> None:
    link = clicking(cats, now=now)
    link.click(ann, at=now)
    assert actions.remove(ann.pk, cats.pk, route="self", now=now + timedelta(hours=1))
    link.click(ann, at=now + timedelta(hours=2))
    state = ContactLabel.objects.get()
    assert (state.is_held, state.is_self_removed) == (False, True)
    assert state.ask_again_at == now + timedelta(hours=2)
    held = queries.labels_of(ann.pk, now=now + timedelta(hours=3))[0]
    assert held.click_count == 2
    for route in ("import", "manual", "workflow", "api", "merge"):
        assert not actions.assign(ann.pk, cats.pk, route=route, now=now + timedelta(hours=3))
    assert actions.assign(ann.pk, cats.pk, route="self", now=now + timedelta(hours=4))
    state.refresh_from_db()
    assert (state.is_held, state.ask_again_at) == (True, None)


@pytest.mark.requirement("R021", partial="the contact's own form and a workflow's step")
def test_each_route_is_kept_with_its_provenance(
    cast: Cast, ann: Contact, cats: Label, now: datetime
) -> None:
    link = clicking(cats, now=now)
    assert actions.assign(ann.pk, cats.pk, route="import", now=now, import_id=4)
    actions.assign(ann.pk, cats.pk, route="manual", now=now, actor=cast.actor)
    actions.assign(ann.pk, cats.pk, route="workflow", now=now)
    link.click(ann, at=now)
    actions.assign(ann.pk, cats.pk, route="self", now=now)
    actions.assign(ann.pk, cats.pk, route="import", now=now, import_id=5)
    routes = queries.routes_of(ann.pk)[cats.pk]
    assert {c.route for c in routes} == {"self", "import", "manual", "click", "workflow"}
    assert len(routes) == 5
    assert [c.route for c in routes if c.is_news] == ["import"]
    assert next(c for c in routes if c.route == "manual").member_id == cast.alice.pk
    assert next(c for c in routes if c.route == "click").mailing_id == link.mailing.pk
    assert next(c for c in routes if c.route == "import").import_id == 4


@pytest.mark.requirement("R022", partial="the workflow's triggers that read this feed")
def test_adding_and_removing_by_hand_is_fed_once_each_and_audited(
    cast: Cast, ann: Contact, cats: Label, now: datetime
) -> None:
    for _twice in range(2):
        actions.assign(ann.pk, cats.pk, route="manual", now=now, actor=cast.actor)
    for _twice in range(2):
        actions.remove(ann.pk, cats.pk, route="manual", now=now, actor=cast.actor)
    feed = list(LabelChange.objects.filter(is_news=True).order_by("pk"))
    assert [c.is_added for c in feed] == [True, False]
    acts = AuditEntry.objects.filter(act__startswith="label ").order_by("pk")
    assert [(a.act, a.member_id) for a in acts] == [
        ("label given", cast.alice.pk),
        ("label taken", cast.alice.pk),
    ]


def test_removed_by_a_member_comes_back_with_a_click(
    cast: Cast, ann: Contact, cats: Label, now: datetime
) -> None:
    link = clicking(cats, now=now)
    link.click(ann, at=now)
    actions.remove(ann.pk, cats.pk, route="manual", now=now, actor=cast.actor)
    assert not ContactLabel.objects.get().is_held
    link.click(ann, at=now + timedelta(days=1))
    assert ContactLabel.objects.get().is_held


def test_many_at_once_and_undo(cast: Cast, cats: Label, now: datetime) -> None:
    people = [create_contact(f"p{i}@example.com", now=now, actor=cast.actor) for i in range(5)]
    actions.assign(people[0].pk, cats.pk, route="import", now=now)
    actions.remove(people[1].pk, cats.pk, route="self", now=now)
    later = now + timedelta(hours=1)
    ids = [p.pk for p in people] + [999_999]
    given = actions.assign_many(ids, cats.pk, now=later, actor=cast.actor)
    assert given == [p.pk for p in people[2:]]
    undone = actions.undo_many(
        cats.pk, acted_at=later, now=later + timedelta(minutes=1), actor=cast.actor
    )
    assert undone == 3
    assert queries.holders(cats.pk) == [people[0].pk]


@pytest.mark.requirement("R027")
def test_merged_model_converts_both_ways_without_touching_permission(
    cast: Cast, now: datetime
) -> None:
    kind = consent.default_subscription_type(now)
    people = [create_contact(f"p{i}@example.com", now=now, actor=cast.actor) for i in range(3)]
    consent.permit(
        people[0].pk,
        subscription_type_id=kind.pk,
        channel="form",
        evidence=1,
        proof=Proof(address=people[0].address),
        now=now,
        actor=cast.actor,
    )
    before = list(Permission.objects.values())
    old = {people[0].pk: ["Cats", "Dogs"], people[1].pk: ["Cats"], people[2].pk: ["Junk"]}
    choices = {"Cats": Becomes.PREFERENCE, "Junk": Becomes.NOTHING}
    dry = actions.from_merged(old, choices=choices, dry_run=True, now=now, actor=cast.actor)
    assert not Label.objects.exists()
    real = actions.from_merged(old, choices=choices, dry_run=False, now=now, actor=cast.actor)
    assert dry == real
    assert [(r.interest, r.becomes, r.contact_count, r.is_new_label) for r in real] == [
        ("Cats", "preference", 2, True),
        ("Dogs", "label", 1, True),
        ("Junk", "nothing", 1, False),
    ]
    routes = dict(ContactLabel.objects.values_list("label__name", "route").distinct())
    assert routes == {"Cats": "self", "Dogs": "import"}
    back, report = actions.to_merged([p.pk for p in people])
    assert back == {people[0].pk: ["Cats", "Dogs"], people[1].pk: ["Cats"]}
    assert [(r.interest, r.becomes, r.contact_count) for r in report] == [
        ("Cats", "preference", 2),
        ("Dogs", "label", 1),
    ]
    assert list(Permission.objects.values()) == before
