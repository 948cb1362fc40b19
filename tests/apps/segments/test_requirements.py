"""The acceptance checks of R049–R058 on a real database."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from sincerely.apps.contacts.models import Contact, FieldDefinition
from sincerely.apps.engagement.models import ContactEngagement, Delivery, Event, Link, Mailing
from sincerely.apps.interests.models import LabelDay
from sincerely.apps.labels.models import Label
from sincerely.apps.segments import actions, queries, tasks
from sincerely.apps.segments.compile import select
from sincerely.apps.segments.models import Segment, SegmentStay
from sincerely.apps.segments.queries.previewing import preview
from sincerely.apps.segments.queries.selecting import fetch_ids
from sincerely.apps.segments.rules import WrongRule, ready_made, sentence
from tests.apps.segments.population import contact, populate
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Rule = dict[str, Any]


def selected(rule: Rule, now: datetime) -> set[int]:
    return set(fetch_ids(select(rule, now=now)))


def run_refresh(now: datetime) -> None:
    tasks.refresh_due(now=now, owner="test", stop=threading.Event())


def mailing(name: str, now: datetime) -> Mailing:
    return Mailing.objects.create(tag="campaign", name=name, created_at=now)


def delivered(
    person: Contact, mail: Mailing, now: datetime, *, opens: int = 0, bounced: bool = False
) -> None:
    Delivery.objects.create(
        contact=person,
        mailing=mail,
        message_id=person.pk,
        sent_at=now,
        delivered_at=None if bounced else now,
        bounced_at=now if bounced else None,
        human_open_count=opens,
    )


def opened(person: Contact, at: datetime | None) -> None:
    ContactEngagement.objects.create(contact=person, last_open_at=at)


@pytest.mark.requirement("R049")
def test_entering_and_leaving_is_remembered(cast: Cast, now: datetime) -> None:
    ann = contact(1, now, language="nl")
    bea = contact(2, now, language="sv")
    rule = {"criterion": "field", "field": "language", "value": "nl"}
    segment = actions.create_segment("Dutch", rule, now=now, actor=cast.actor)
    run_refresh(now)
    assert [one.pk for one in queries.members(segment_now(segment), now=now)] == [ann.pk]
    Contact.objects.filter(pk=ann.pk).update(language="en")
    Contact.objects.filter(pk=bea.pk).update(language="NL")
    run_refresh(now + timedelta(minutes=1))
    assert SegmentStay.objects.get().left_at is None, "not due yet"
    later = now + tasks.INTERVAL
    run_refresh(later)
    stays = {stay.contact_id: stay for stay in SegmentStay.objects.all()}
    assert (stays[ann.pk].entered_at, stays[ann.pk].left_at) == (now, later)
    assert (stays[bea.pk].entered_at, stays[bea.pk].left_at) == (later, None)
    assert segment_now(segment).member_count == 1
    Contact.objects.filter(pk=ann.pk).update(language="nl")
    run_refresh(later + tasks.INTERVAL)
    assert SegmentStay.objects.filter(contact=ann).count() == 2
    kept = actions.snapshot(segment.pk, name="Kept", now=later, actor=cast.actor)
    Contact.objects.update(language="da")
    assert kept.listmembership_set.count() == 2
    assert queries.count(segment.rule, now=later) == 0


def segment_now(segment: Segment) -> Segment:
    return Segment.objects.get(pk=segment.pk)


@pytest.mark.requirement("R050")
def test_truth_tables(cast: Cast, now: datetime) -> None:
    names = ("first_name", "last_name", "source")
    criteria = [{"criterion": "field", "field": name, "value": "yes"} for name in names]
    rows = list(itertools.product([True, False], repeat=3))
    people = [
        contact(
            number,
            now,
            **{name: "yes" if is_so else "no" for name, is_so in zip(names, row, strict=True)},
        )
        for number, row in enumerate(rows)
    ]
    for kind, meaning in (("all", all), ("any", any), ("none", lambda row: not any(row))):
        expected = {one.pk for one, row in zip(people, rows, strict=True) if meaning(row)}
        assert selected({kind: criteria}, now) == expected
    nested = {"all": [{"any": criteria[:2]}, {"none": [{"all": criteria[1:]}]}]}
    expected = {
        one.pk
        for one, row in zip(people, rows, strict=True)
        if (row[0] or row[1]) and not (row[1] and row[2])
    }
    assert selected(nested, now) == expected


@pytest.mark.requirement("R050")
def test_counts_of_each_branch_and_golden_sentence(cast: Cast, now: datetime) -> None:
    spring, dogs = mailing("Spring", now), Label.objects.create(name="Honden", created_at=now)
    rule = {
        "all": [
            {"criterion": "mail", "test": "did_not", "did": "opened", "mailing": spring.pk},
            {
                "any": [
                    {"criterion": "date", "test": "more_than_days_ago", "days": 364},
                    {"criterion": "date", "test": "unknown"},
                ]
            },
            {"none": [{"criterion": "label", "label": dogs.pk}]},
        ]
    }
    assert sentence(rule, queries.catalogue_of(rule)) == (
        "People who received “Spring” but did not open it, and (for whom the last open is more "
        "than 52 weeks ago, or for whom the last open is unknown), and (except those with the "
        "label “Honden”)."
    )
    made = [contact(number, now) for number in range(3)]
    delivered(made[0], spring, now)
    opened(made[1], now - timedelta(days=400))
    shown = preview(rule, now=now)
    assert shown.count == 1
    assert shown.parts == {"0": 1, "1": 3, "2": 3, "1.0": 1, "1.1": 2, "2.0": 0}


@pytest.mark.requirement("R051")
def test_received_but_did_not_open(cast: Cast, now: datetime) -> None:
    spring = mailing("Spring", now)
    people = [contact(number, now) for number in range(5)]
    delivered(people[0], spring, now, opens=1)
    delivered(people[1], spring, now)
    delivered(people[2], spring, now, bounced=True)
    delivered(people[4], spring, now)
    Delivery.objects.filter(contact=people[4]).update(machine_open_count=1)
    rule = ready_made.unopened(spring.pk)
    assert selected(rule, now) == {people[1].pk, people[4].pk}
    assert selected({**rule, "signals": "any"}, now) == {people[1].pk}
    everyone = selected({**rule, "among": "everyone"}, now)
    assert everyone == {people[number].pk for number in (1, 2, 3, 4)}


@pytest.mark.requirement("R052")
@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam", "America/New_York"])
def test_more_than_52_weeks_is_strict(cast: Cast, now: datetime, zone: str) -> None:
    cast.organisation.time_zone = zone
    cast.organisation.save()
    ages = {
        contact(1, now).pk: timedelta(days=364),
        contact(2, now).pk: timedelta(days=364, seconds=1),
        contact(3, now).pk: timedelta(days=364) - timedelta(seconds=1),
    }
    for number, age in ages.items():
        ContactEngagement.objects.create(contact_id=number, last_open_at=now - age)
    rule = ready_made.last_open("more_than_days_ago", days=364)
    assert selected(rule, now) == {2 + min(ages) - 1}
    assert len(selected({**rule, "days": 363}, now)) == 3, "the threshold can be changed"


@pytest.mark.requirement("R053")
def test_unknown_satisfies_only_is_unknown(cast: Cast, now: datetime) -> None:
    without, empty, known = (contact(number, now) for number in range(3))
    opened(empty, None)
    opened(known, now - timedelta(days=500))
    assert selected(ready_made.last_open("unknown"), now) == {without.pk, empty.pk}
    assert selected(ready_made.last_open("known"), now) == {known.pk}
    old = ready_made.last_open("more_than_days_ago", days=364)
    assert selected(old, now) == {known.pk}
    for test, more in (("before", {"day": "2030-01-01"}), ("after", {"day": "1990-01-01"})):
        assert selected({"criterion": "date", "test": test, **more}, now) == {known.pk}
    assert selected({"none": [old]}, now) == {without.pk, empty.pk}


@pytest.mark.requirement("R054")
def test_the_ready_made_list_selects_exactly_three_of_twelve(cast: Cast, now: datetime) -> None:
    spring = mailing("Spring", now)
    ages: list[int | None] = [None, 30, 363, 364, 365, 500]
    people = [contact(number, now) for number in range(12)]
    for person, age in zip(people, [*ages, None, 500, None, 500, None, 500], strict=True):
        if age is not None:
            opened(person, now - timedelta(days=age))
    for person in people[:6]:
        delivered(person, spring, now)
    for person in people[6:8]:
        delivered(person, spring, now, opens=1)
    for person in people[8:10]:
        delivered(person, spring, now, bounced=True)
    expected = {people[0].pk, people[4].pk, people[5].pk}
    assert selected(ready_made.asleep_since(spring.pk), now) == expected
    unopened = ready_made.unopened(spring.pk)
    old = ready_made.last_open("more_than_days_ago", days=364)
    unknown = ready_made.last_open("unknown")
    two_blocks = {"any": [{"all": [unopened, old]}, {"all": [unopened, unknown]}]}
    factored = {"all": [unopened, {"any": [old, unknown]}]}
    assert selected(two_blocks, now) == selected(factored, now) == expected


@pytest.mark.requirement("R054")
def test_those_who_cannot_be_judged_are_left_out(cast: Cast, now: datetime) -> None:
    spring = mailing("Spring", now)
    plain, refused, hidden = (contact(number, now) for number in range(3))
    Contact.objects.filter(pk=refused.pk).update(tracking_tier="none")
    ContactEngagement.objects.create(contact=hidden, last_machine_open_at=now)
    for person in (plain, refused, hidden):
        delivered(person, spring, now)
    assert selected(ready_made.asleep_since(spring.pk), now) == {plain.pk}
    assert selected(ready_made.cannot_tell(), now) == {refused.pk, hidden.pk}


@pytest.mark.requirement("R055")
def test_all_unengaged_by_count(cast: Cast, now: datetime) -> None:
    def person(number: int, *, sent: int, silent: int, engaged: bool = False) -> int:
        made = contact(number, now)
        ContactEngagement.objects.create(
            contact=made,
            sent_count=sent,
            sent_since_engaged_count=silent,
            last_open_at=now - timedelta(days=100) if engaged else None,
        )
        return made.pk

    person(1, sent=2, silent=2)
    never = person(2, sent=11, silent=11)
    person(3, sent=40, silent=15, engaged=True)
    lapsed = person(4, sent=40, silent=16, engaged=True)
    person(5, sent=10, silent=10)
    contact(6, now)
    assert selected(ready_made.unengaged_by_count(), now) == {never, lapsed}


@pytest.mark.requirement("R055")
def test_all_unengaged_by_time_spares_new_people(cast: Cast, now: datetime) -> None:
    old, year = now - timedelta(days=800), now - timedelta(days=365)
    asleep = contact(1, now, created_at=old)
    fresh = contact(2, now, signed_up_at=now - timedelta(days=5))
    awake = contact(3, now, created_at=old)
    imported = contact(4, now, signed_up_at=old)
    for person in (asleep, fresh, imported):
        ContactEngagement.objects.create(contact=person, last_sent_at=now)
    ContactEngagement.objects.filter(contact=asleep).update(last_open_at=year)
    ContactEngagement.objects.create(contact=awake, last_sent_at=now, last_click_at=now)
    assert selected(ready_made.unengaged_by_time(), now) == {asleep.pk, imported.pk}


@pytest.mark.requirement("R056")
def test_clicked_the_call_to_action_and_was_sent(cast: Cast, now: datetime) -> None:
    mail = mailing("Permission pass", now)
    roles = ("action", "content", "unsubscribe")
    links = {
        role: Link.objects.create(mailing=mail, number=number, url=f"https://x/{role}", role=role)
        for number, role in enumerate(roles)
    }
    people = {role: contact(number, now) for number, role in enumerate(roles)}
    bounced = contact(9, now)
    for role, person in people.items():
        delivered(person, mail, now)
        Event.objects.create(
            contact=person, kind="clicked", at=now, mailing=mail, link=links[role], message_id=1
        )
    delivered(bounced, mail, now, bounced=True)
    clicked: Rule = {"criterion": "mail", "did": "clicked", "mailing": mail.pk}
    assert selected({**clicked, "target": "action"}, now) == {people["action"].pk}
    chosen = {**clicked, "target": "links", "links": [links["content"].pk]}
    assert selected(chosen, now) == {people["content"].pk}
    lately = {**clicked, "period": "days", "days": 7}
    assert selected(lately, now) == {people["action"].pk, people["content"].pk}
    sent = {"criterion": "mail", "did": "sent", "mailing": mail.pk}
    assert selected(sent, now) == {bounced.pk, *(person.pk for person in people.values())}
    Event.objects.filter(contact=people["action"]).update(verdict="machine")
    assert selected({**clicked, "target": "action"}, now) == set()


@pytest.mark.requirement("R057")
def test_dependent_lists_refresh_in_order_and_circles_are_refused(
    cast: Cast, now: datetime
) -> None:
    mail = mailing("Permission pass", now)
    link = Link.objects.create(mailing=mail, number=0, url="https://x/", role="action")
    ann, bea = contact(1, now), contact(2, now)
    for person in (ann, bea):
        delivered(person, mail, now)
    clicked = {"criterion": "mail", "did": "clicked", "target": "action", "mailing": mail.pk}
    sent = {"criterion": "mail", "did": "sent", "mailing": mail.pk}
    one = actions.create_segment("List 1", clicked, now=now, actor=cast.actor)
    not_in_one = {"criterion": "segment", "test": "not_in", "segment": one.pk}
    two = actions.create_segment("List 2", {"all": [sent, not_in_one]}, now=now, actor=cast.actor)
    run_refresh(now)
    assert {person.pk for person in queries.members(segment_now(two), now=now)} == {ann.pk, bea.pk}
    Event.objects.create(contact=ann, kind="clicked", at=now, mailing=mail, link=link, message_id=1)
    later = now + tasks.INTERVAL
    run_refresh(later)
    assert SegmentStay.objects.get(segment=one, contact=ann).entered_at == later
    assert SegmentStay.objects.get(segment=two, contact=ann).left_at == later
    not_in_two = {"criterion": "segment", "test": "not_in", "segment": two.pk}
    with pytest.raises(WrongRule, match="circle"):
        actions.edit_segment(
            one.pk, name="List 1", rule=not_in_two, description="", now=now, actor=cast.actor
        )
    with pytest.raises(WrongRule, match="circle"):
        actions.edit_segment(
            one.pk,
            name="List 1",
            rule={"criterion": "segment", "segment": one.pk},
            description="",
            now=now,
            actor=cast.actor,
        )


@pytest.mark.requirement("R057")
def test_a_dependent_is_due_with_what_it_uses(cast: Cast, now: datetime) -> None:
    rule = {"criterion": "field", "field": "language", "value": "nl"}
    used = actions.create_segment("Used", rule, now=now, actor=cast.actor)
    using_rule = {"none": [{"criterion": "segment", "segment": used.pk}]}
    actions.create_segment("A using", using_rule, now=now, actor=cast.actor)
    ann = contact(1, now, language="nl")
    run_refresh(now)
    soon = now + timedelta(seconds=10)
    rule = {"criterion": "field", "field": "language", "value": "sv"}
    actions.edit_segment(
        used.pk, name="Used", rule=rule, description="", now=soon, actor=cast.actor
    )
    run_refresh(soon)
    stays = {stay.segment.name: stay for stay in SegmentStay.objects.filter(contact=ann)}
    assert stays["Used"].left_at == soon
    assert stays["A using"].entered_at == soon


@pytest.mark.requirement("R058")
def test_label_clicks_and_country(cast: Cast, now: datetime) -> None:
    FieldDefinition.objects.create(key="country", name="Country", kind="text", created_at=now)
    dogs = Label.objects.create(name="Honden", created_at=now)
    expected = set()
    for number, (clicks, country) in enumerate(
        itertools.product([0, 1, 2, 3, 4, 7], ["BE", "NL", None])
    ):
        person = contact(number, now, fields={"country": country} if country else {})
        for click in range(clicks):
            LabelDay.objects.create(
                contact=person,
                label=dogs,
                day=(now - timedelta(days=click)).date(),
                mailing_id=1,
                human_count=1,
            )
        if clicks >= 3 and country == "BE":
            expected.add(person.pk)
    rule = {
        "all": [
            {"criterion": "label_clicks", "label": dogs.pk, "at_least": 3},
            {"criterion": "field", "field": "custom.country", "value": "BE"},
        ]
    }
    assert selected(rule, now) == expected
    assert len(expected) == 3


@pytest.mark.parametrize(
    "rule",
    [
        None,
        [],
        "all",
        {},
        {"all": []},
        {"any": [{"none": []}]},
        {"all": {}},
        {"all": [], "any": []},
        {"everyone": False},
        {"everyone": 1, "all": []},
        {"criterion": "nothing"},
        {"criterion": "label"},
        {"criterion": "label", "label": 999_999},
        {"criterion": "label", "label": True},
        {"criterion": "label", "label": "1 OR 1=1"},
        {"criterion": "segment", "segment": 999_999},
        {"criterion": "list", "list": -(2**70)},
        {"criterion": "field", "field": "custom.gone", "value": "x"},
        {"criterion": "field", "field": "password", "value": "x"},
        {"criterion": "field", "field": "language", "value": ["x"]},
        {"criterion": "field", "field": "custom.vip"},
        {"criterion": "field", "field": "custom.age", "value": "many"},
        {"criterion": "field", "field": "custom.age", "value": float("nan")},
        {"criterion": "field", "field": "custom.born", "value": "2026-02-30"},
        {"criterion": "date", "days": -1},
        {"criterion": "date", "test": "between", "day": "2026-02-02", "to": "2026-01-01"},
        {"criterion": "count", "at_least": 0},
        {"criterion": "mail", "did": "clicked", "target": "links"},
        {"criterion": "mail", "mailing": 999_999},
        {"criterion": "mail", "extra": 1},
    ],
)
def test_a_wrong_rule_selects_nobody_and_says_where(cast: Cast, now: datetime, rule: Any) -> None:
    populate(1, now, size=3)
    for wrong in (rule, {"none": [rule]}, {"any": [{"everyone": True}, rule]}):
        with pytest.raises(WrongRule) as raised:
            select(wrong, now=now)
        assert raised.value.problems[0].message
    assert queries.catalogue_of(rule) is not None


def test_too_deep_and_too_large(cast: Cast, now: datetime) -> None:
    deep: Rule = {"everyone": True}
    for _level in range(9):
        deep = {"all": [deep]}
    for rule in (deep, {"any": [{"everyone": True}] * 300}):
        with pytest.raises(WrongRule, match="too large"):
            select(rule, now=now)


def test_a_wrong_segment_is_not_refreshed_to_everybody(cast: Cast, now: datetime) -> None:
    made = populate(1, now)
    rule = {"none": [{"criterion": "label", "label": made.labels[0]}]}
    segment = actions.create_segment("No dogs", rule, now=now, actor=cast.actor)
    run_refresh(now)
    stays = SegmentStay.objects.filter(left_at=None).count()
    Label.objects.filter(pk=made.labels[0]).delete()
    run_refresh(now + tasks.INTERVAL)
    assert SegmentStay.objects.filter(left_at=None).count() == stays
    assert segment_now(segment).member_count is None
