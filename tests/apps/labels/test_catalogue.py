"""The catalogue: create, rename, archive, merge; a label is never permission."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sincerely.apps.consent.models import Permission
from sincerely.apps.consent.queries import standing_of
from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.interests import actions as interests
from sincerely.apps.interests.models import ContactLabel, LabelChange, LabelDay
from sincerely.apps.interests.queries import holder_counts, label_figures, labels_of
from sincerely.apps.labels import actions, queries
from sincerely.apps.labels.models import LinkRule
from sincerely.apps.labels.rules import BadName
from tests.apps.interests.clicks import clicking
from tests.cast import Cast


@pytest.mark.requirement("R019")
def test_rename_keeps_assignments_and_clicks_and_archived_is_not_offered(
    cast: Cast, now: datetime
) -> None:
    dogs = actions.create_label("Honden", now=now, actor=cast.actor, is_public=True)
    ann = create_contact("ann@example.com", now=now, actor=cast.actor)
    clicking(dogs, now=now).click(ann, at=now)
    renamed = actions.edit_label(
        dogs.pk,
        name="Dogs",
        kind="product",
        description="All for dogs",
        is_public=False,
        now=now,
        actor=cast.actor,
    )
    held = labels_of(ann.pk, now=now)[0]
    assert (held.label.name, held.click_count, held.is_held) == ("Dogs", 1, True)
    assert LabelChange.objects.get().route == "click"
    actions.archive_label(renamed.pk, archived=True, now=now, actor=cast.actor)
    assert queries.labels() == []
    assert [label.name for label in queries.labels(archived=True)] == ["Dogs"]
    assert holder_counts([dogs.pk]) == {dogs.pk: 1}


def test_names_are_exact_and_used_once(cast: Cast, now: datetime) -> None:
    actions.create_label("Honden", now=now, actor=cast.actor)
    actions.create_label("honden", now=now, actor=cast.actor)
    with pytest.raises(BadName) as problem:
        actions.create_label(" Honden ", now=now, actor=cast.actor)
    assert problem.value.code == "taken"
    assert queries.any_label_named("HONDEN") is None


@pytest.mark.requirement("R019")
def test_merge_moves_holders_clicks_links_and_refusals(cast: Cast, now: datetime) -> None:
    old = actions.create_label("Hond", now=now, actor=cast.actor)
    new = actions.create_label("Honden", now=now, actor=cast.actor)
    actions.set_link_rule("https://shop.example/dogs/*", label_id=old.pk, now=now, actor=cast.actor)
    people = [create_contact(f"p{i}@example.com", now=now, actor=cast.actor) for i in range(4)]
    spring = clicking(old, now=now)
    spring.click(people[0], at=now)
    spring.click(people[1], at=now)
    interests.assign(people[1].pk, new.pk, route="import", now=now)
    LabelDay.objects.create(
        contact=people[1], label=new, day=now.date(), mailing_id=spring.mailing.pk, human_count=2
    )
    interests.assign(people[2].pk, old.pk, route="self", now=now)
    interests.remove(people[3].pk, old.pk, route="self", now=now)
    later = now + timedelta(hours=1)
    assert interests.merge_labels(old.pk, new.pk, now=later, actor=cast.actor) == 2
    assert holder_counts([old.pk, new.pk]) == {new.pk: 3}
    assert not LabelDay.objects.filter(label=old).exists()
    assert LabelDay.objects.get(contact=people[1]).human_count == 3
    assert ContactLabel.objects.get(contact=people[2]).route == "self"
    assert ContactLabel.objects.get(contact=people[3]).is_self_removed
    assert LinkRule.objects.get().label_id == new.pk
    assert {c.route for c in LabelChange.objects.filter(label=new, at=later)} == {"merge"}
    before = LabelDay.objects.get(contact=people[0]).human_count
    interests.rebuild([people[0].pk])
    assert LabelDay.objects.get(contact=people[0], label=new).human_count == before
    with pytest.raises(interests.CannotMerge):
        interests.merge_labels(new.pk, old.pk, now=later, actor=cast.actor)


@pytest.mark.requirement("R020")
def test_label_has_a_kind_and_is_never_permission(cast: Cast, now: datetime) -> None:
    offer = actions.create_label(
        "Sale", now=now, actor=cast.actor, kind="promotion", description="Spring sale"
    )
    ann = create_contact("ann@example.com", now=now, actor=cast.actor)
    for route in ("self", "manual", "import", "api"):
        interests.assign(ann.pk, offer.pk, route=route, now=now, actor=cast.actor)
    assert (offer.kind, offer.description) == ("promotion", "Spring sale")
    assert not Permission.objects.exists()
    assert not standing_of(ann.pk, address_key=bytes(ann.address_key)).is_mailable


def test_figures_of_a_label(cast: Cast, now: datetime) -> None:
    dogs = actions.create_label("Honden", now=now, actor=cast.actor)
    ann = create_contact("ann@example.com", now=now, actor=cast.actor)
    bea = create_contact("bea@example.com", now=now, actor=cast.actor)
    spring = clicking(dogs, now=now)
    for minute in range(3):
        spring.click(ann, at=now + timedelta(minutes=minute))
    interests.assign(bea.pk, dogs.pk, route="manual", now=now, actor=cast.actor)
    figures = label_figures(dogs.pk)
    assert figures.holder_count == 2
    assert figures.by_route == {"click": 1, "manual": 1}
    assert dict(figures.by_click_count)["2–4"] == 1
    assert figures.human_click_count == 3
