"""Planning: rows, skips by reason, one mail per address, resuming, and the estimate beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.actions import cancel, pause, plan_for_one, plan_slice, resume
from sincerely.apps.sending.models import Dispatch, Message
from sincerely.apps.sending.queries import estimate, is_finished, tally
from tests.apps.sending import people
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def plan_all(dispatch: Dispatch, audience=people.EVERYBODY, *, now: datetime, limit: int = 5_000):  # type: ignore[no-untyped-def]
    while not plan_slice(
        dispatch.pk, audience, version_id=None, due_at=now, now=now, limit=limit
    ).is_done:
        pass


def reasons(dispatch: Dispatch) -> dict[str, str]:
    return dict(
        Message.objects.filter(mailing_id=dispatch.pk).values_list("contact__address", "reason")
    )


@pytest.mark.requirement("R001", partial="workflow message")
def test_only_the_one_who_agreed_gets_it(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    yes, never, out, withdrawn = (
        people.add_contact(f"{name}@example.com", now=now)
        for name in ("yes", "never", "out", "withdrawn")
    )
    people.add_permission(yes, kind, now=now)
    people.add_permission(out, kind, now=now, is_in=False)
    people.add_permission(withdrawn, kind, now=now)
    people.add_permission(withdrawn, kind, now=now, is_in=False)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_all(dispatch, now=now)
    assert reasons(dispatch) == {
        "yes@example.com": "",
        "never@example.com": "no_permission",
        "out@example.com": "opted_out",
        "withdrawn@example.com": "opted_out",
    }
    assert never.pk


@pytest.mark.requirement("R002")
@pytest.mark.parametrize("change", [{"payload": "{}"}, {"salt": None}, {"commitment": bytes(32)}])
def test_broken_evidence_is_refused(cast: Cast, now: datetime, change: dict[str, object]) -> None:
    kind = people.marketing(now)
    people.opted_in(2, now=now, kind=kind)
    broken = people.add_contact("broken@example.com", now=now)
    people.add_permission(broken, kind, now=now, **change)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_all(dispatch, now=now)
    assert reasons(dispatch)["broken@example.com"] == "no_evidence"
    assert tally(dispatch.pk).by_state == {"planned": 2, "skipped": 1}


@pytest.mark.requirement("R003")
def test_a_complaint_skips_with_its_own_reason(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    (contact,) = people.opted_in(1, now=now, kind=kind)
    people.add_opt_out(contact, now=now, cause="complaint")
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_all(dispatch, now=now)
    assert list(reasons(dispatch).values()) == ["complaint"]


@pytest.mark.requirement("R099", partial="the reactivation campaign it routes to")
def test_stale_is_more_than_twelve_months(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    silent, exact, imported, fresh = people.opted_in(4, now=now, kind=kind)
    limit = now.replace(year=now.year - 1)
    people.add_history(silent, last_sent_at=limit - timedelta(days=1))
    people.add_history(exact, last_sent_at=limit)
    people.add_history(imported, imported_sent_at=limit - timedelta(days=900))
    people.add_history(fresh, last_sent_at=limit - timedelta(days=1))
    people.add_permission(fresh, kind, now=now, channel="form")
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_all(dispatch, now=now)
    found = reasons(dispatch)
    assert [found[c.address] for c in (silent, exact, imported, fresh)] == [
        "stale",
        "",
        "stale",
        "",
    ]


@pytest.mark.requirement("R060")
def test_one_mail_per_address_and_the_sum_is_the_audience(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    first = people.add_contact("shared@example.com", now=now)
    second = people.add_contact("Shared@example.com", now=now, share=1)
    third = people.add_contact("shared@EXAMPLE.com", now=now, share=2)
    people.opted_in(20, now=now, kind=kind)
    for contact in (second, third):
        people.add_permission(contact, kind, now=now)
    expected = estimate(people.EVERYBODY, subscription_type_id=kind.pk, now=now)
    assert expected == {"": 21, "no_permission": 1, "same_address": 1}
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_all(dispatch, now=now, limit=2)
    found = tally(dispatch.pk)
    assert found.by_state == {"planned": 21, "skipped": 2}
    assert {"": 21} | found.by_reason == expected
    states = dict(
        Message.objects.filter(contact__in=[first, second, third]).values_list(
            "contact_id", "reason"
        )
    )
    assert states == {first.pk: "no_permission", second.pk: "", third.pk: "same_address"}


def test_planning_twice_changes_nothing(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    people.opted_in(30, now=now, kind=kind)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    half = plan_slice(dispatch.pk, people.EVERYBODY, version_id=None, due_at=now, now=now, limit=10)
    assert (half.looked_at_count, half.is_done) == (10, False)
    Dispatch.objects.filter(pk=dispatch.pk).update(planned_through_id=0)
    plan_all(dispatch, now=now, limit=7)
    plan_all(dispatch, now=now, limit=7)
    assert Message.objects.count() == 30
    assert len({bytes(n) for n in Message.objects.values_list("nonce", flat=True)}) == 30


def test_slices_of_one_transaction_know_of_each_other(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = people.marketing(now)
    for share in range(3):
        people.add_permission(
            people.add_contact("a@example.com", now=now, share=share), kind, now=now
        )
        people.opted_in(3, now=now, kind=kind)
    for name in ("FIRST_SLICE", "SMALLEST_SLICE", "LARGEST_SLICE"):
        monkeypatch.setattr(f"sincerely.apps.sending.actions.plan.{name}", 2)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_all(dispatch, now=now)
    assert tally(dispatch.pk).by_reason == {"same_address": 2}
    assert Message.objects.filter(mailing_id=dispatch.pk).count() == 12
    assert len({bytes(n) for n in Message.objects.values_list("nonce", flat=True)}) == 12


def test_each_zone_has_its_own_time(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    near, far = people.opted_in(2, now=now, kind=kind)
    far.time_zone = "America/New_York"
    far.save()
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    later = now + timedelta(hours=6)
    plan_slice(
        dispatch.pk,
        people.EVERYBODY,
        version_id=None,
        due_at=now,
        now=now,
        due_by_zone={"America/New_York": later},
    )
    due = dict(Message.objects.values_list("contact_id", "due_at"))
    assert due == {near.pk: now, far.pk: later}


def test_pause_resume_cancel(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    people.opted_in(5, now=now, kind=kind)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_all(dispatch, now=now)
    assert pause(dispatch.pk, now=now, actor=cast.actor)
    assert not pause(dispatch.pk, now=now, actor=cast.actor)
    assert resume(dispatch.pk, now=now, actor=cast.actor)
    assert not is_finished(dispatch.pk)
    assert cancel(dispatch.pk, now=now, actor=cast.actor) == 5
    assert is_finished(dispatch.pk)
    assert tally(dispatch.pk).by_state == {"cancelled": 5}


@pytest.mark.requirement("R069")
def test_each_message_carries_its_tag(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    people.opted_in(2, now=now, kind=kind)
    stranger = people.add_contact("stranger@example.com", now=now)
    for tag in ("campaign", "automated", "transactional"):
        plan_all(people.add_dispatch(cast, now=now, kind=kind, tag=tag), now=now)
    sent = Message.objects.filter(state="planned").values_list("mailing__tag", flat=True)
    assert sorted(sent) == ["automated"] * 2 + ["campaign"] * 2 + ["transactional"] * 3
    assert Message.objects.get(contact=stranger, state="planned").mailing.tag == "transactional"


def test_one_contact_at_a_time_each_occasion_once(cast: Cast, now: datetime) -> None:
    """What a workflow's step plans: skips with their reason, one mail per address and occasion."""
    kind, later = people.marketing(now), now + timedelta(days=2)
    ann, bea = people.opted_in(2, now=now, kind=kind)
    never = people.add_contact("never@example.com", now=now)
    twin = people.add_contact(ann.address, now=now, share=1)
    people.add_permission(twin, kind, now=now)
    dispatch = people.add_dispatch(cast, now=now, kind=kind, tag="automated")

    def plan(contact: Contact, occasion: int) -> tuple[str, str] | None:
        row = plan_for_one(
            contact.pk,
            mailing_id=dispatch.pk,
            occasion=occasion,
            version_id=None,
            due_at=later,
            now=now,
        )
        return (row.state, row.reason) if row else None

    for _ in range(2):
        assert plan(ann, 1) == plan(ann, 2) == plan(bea, 1) == ("planned", "")
        assert plan(never, 1) == ("skipped", "no_permission")
        assert plan(twin, 1) == ("skipped", "same_address")
    assert plan(twin, 3) == ("planned", ""), "another occasion"
    assert plan(ann, 3) == ("skipped", "same_address")
    assert Message.objects.count() == 7
    assert set(Message.objects.values_list("due_at", flat=True)) == {later}
    cancel(dispatch.pk, now=now)
    assert plan(bea, 2) is None
    assert Message.objects.filter(state="planned").count() == 0
