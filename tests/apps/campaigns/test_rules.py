"""Schedule, stages and the fit of the subscription type."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.campaigns.rules import fit, schedule, stages
from sincerely.apps.campaigns.rules.schedule import At, Local, Now

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")


def test_now_leaves_after_the_minute_of_grace() -> None:
    assert schedule.launch_moment(Now(), now=NOON) == NOON + timedelta(seconds=60)


def test_a_past_time_is_refused_with_what_to_do() -> None:
    with pytest.raises(schedule.WrongSchedule, match="later one"):
        schedule.launch_moment(At(NOON - timedelta(seconds=1)), now=NOON)
    with pytest.raises(schedule.WrongSchedule, match="every time zone"):
        schedule.launch_moment(Local(date(2026, 6, 13), time(9)), now=NOON)


@pytest.mark.parametrize("on", [date.min, date(1900, 1, 1), date.max, date(2126, 7, 1)])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
def test_days_at_the_ends_of_the_calendar_are_refused(on: date, zone: str) -> None:
    refused = schedule.TooFar if on > NOON.date() else schedule.WrongSchedule
    for at in (time.min, time.max):
        with pytest.raises(refused):
            schedule.launch_moment(Local(on, at), now=NOON)
        with pytest.raises(schedule.WrongSchedule):
            schedule.launch_moment(At(schedule.moment(on, at, zone)), now=NOON)


def test_nine_in_the_contacts_own_zone() -> None:
    due = schedule.due_moments(
        Local(date(2026, 6, 16), time(9)), ZONES[:3], launch=datetime(2026, 6, 15, 19, tzinfo=UTC)
    )
    assert due == {
        "Europe/Amsterdam": datetime(2026, 6, 16, 7, tzinfo=UTC),
        "America/New_York": datetime(2026, 6, 16, 13, tzinfo=UTC),
        "Asia/Kolkata": datetime(2026, 6, 16, 3, 30, tzinfo=UTC),
    }


def test_a_skipped_local_time_moves_forward_by_the_gap() -> None:
    # Amsterdam goes from 02:00 to 03:00 on 29 March 2026.
    assert schedule.moment(date(2026, 3, 29), time(2, 30), "Europe/Amsterdam") == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(schedule.WrongSchedule, match="Europe/Atlantis"):
        schedule.moment(date(2026, 1, 1), time(9), "Europe/Atlantis")


@given(
    on=st.dates(date(2025, 1, 1), date(2030, 12, 31)),
    at=st.times(),
    launch=st.datetimes(datetime(2025, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_nothing_is_due_before_the_launch(on: date, at: time, launch: datetime) -> None:
    due = schedule.due_moments(Local(on, at.replace(fold=0)), ZONES, launch=launch)
    assert all(moment >= launch for moment in due.values())


def test_walls_are_empty_when_everything_holds() -> None:
    facts = stages.Readiness(
        has_sender=True, has_type=True, has_audience=True, links_are_reviewed=True, will_get_it=3
    )
    assert stages.walls(facts) == []


def test_each_lack_is_a_wall_of_its_own() -> None:
    facts = stages.Readiness(
        has_sender=False,
        has_type=False,
        has_audience=False,
        links_are_reviewed=False,
        changed_links=("https://shop.example/cats",),
        wall_messages=("A block's rule names a deleted label.",),
    )
    assert [wall.code for wall in stages.walls(facts)] == [
        "content",
        "links_changed",
        "no_type",
        "no_audience",
        "no_sender",
    ]


@given(st.sampled_from(sorted(stages.MAY)), st.sampled_from(["launch", "edit"]))
def test_only_a_draft_is_edited_or_launched(stage: str, act: str) -> None:
    assert stages.may(stage, act) == (stage == "draft")


def test_everybody_subscribed_to_another_type_is_proposed() -> None:
    judged = fit.fit({1: 40}, audience_count=40, chosen_type_id=2, default_type_id=9)
    assert (judged.permitted_count, judged.proposed_type_id, judged.is_mixed) == (0, 1, False)


def test_a_mixed_audience_is_offered_the_default_type() -> None:
    judged = fit.fit({1: 20, 2: 20}, audience_count=40, chosen_type_id=1, default_type_id=9)
    assert (judged.proposed_type_id, judged.is_mixed) == (9, True)


@given(
    counts=st.dictionaries(st.integers(1, 5), st.integers(0, 50)),
    chosen=st.one_of(st.none(), st.integers(1, 5)),
)
def test_the_proposal_is_never_the_chosen_type(counts: dict[int, int], chosen: int | None) -> None:
    judged = fit.fit(counts, audience_count=50, chosen_type_id=chosen, default_type_id=1)
    assert judged.proposed_type_id is None or judged.proposed_type_id != chosen
    assert 0.0 <= judged.ratio <= 1.0
