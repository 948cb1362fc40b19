"""The cap and quiet hours as rules: each change of twenty zones' clocks, any order of mail."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sincerely.apps.sending.rules.pressure import (
    ALL_TYPES,
    Limit,
    Mail,
    free_at,
    microseconds,
    still_counting,
)
from sincerely.apps.sending.rules.quiet import Quiet, zone_named
from sincerely.apps.sending.rules.restraint import (
    MARGIN,
    Ask,
    Go,
    LeftOut,
    NotBefore,
    Restraint,
    judge,
    quiet_end,
)

# Both hemispheres, half hours (Lord Howe), changes at midnight (Havana, Santiago, Beirut), summer
# time the other way round (Dublin, Casablanca), zones that gave it up, and some without any.
ZONES = (
    "Europe/Amsterdam",
    "Europe/London",
    "Europe/Dublin",
    "Atlantic/Azores",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "America/Asuncion",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Tehran",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "Pacific/Apia",
)
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUARTER = timedelta(minutes=15)


@cache
def changes(name: str) -> list[datetime]:
    """Every moment from 2020 to 2030 at which the zone's clock is changed, by brute force."""
    zone, found = ZoneInfo(name), []
    at, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    while at < end:
        if (at + DAY).astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
            low = at
            for step in (HOUR, MINUTE):
                while (low + step).astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset():
                    low += step
            found.append(low + MINUTE)
        at += DAY
    return found


CHANGES = [(name, at) for name in ZONES for at in changes(name)]
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45, 59]))
spans = st.tuples(times, times).filter(lambda pair: pair[0] != pair[1])


def first_loud(at: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime:
    """The first whole minute that the clock on the wall does not show as quiet."""
    while quiet.covers(at.astimezone(zone).time()):
        at += MINUTE
    return at


def test_the_zones_do_change_their_clocks() -> None:
    assert len(ZONES) == 20
    assert len(CHANGES) > 250
    assert len({name for name, _ in CHANGES}) >= 18


@pytest.mark.parametrize(
    ("begins", "ends"), [(time(22), time(8)), (time(23, 30), time(2, 30)), (time(1), time(2, 15))]
)
def test_quiet_ends_at_the_first_moment_that_is_not_quiet(begins: time, ends: time) -> None:
    """Every change of the clock 2020-2030 in every zone, from moments around it."""
    quiet = Quiet(begins, ends)
    for name, change in CHANGES:
        zone, loud = ZoneInfo(name), change + 16 * HOUR
        while quiet.is_at(loud, zone):
            loud += QUARTER
        for quarters in range(64, -60, -1):  # backwards, so each end is known from the one after it
            at = change + quarters * QUARTER
            loud = loud if quiet.is_at(at, zone) else at
            assert quiet.end_after(at, zone) == loud, (name, at)


@settings(max_examples=40)
@given(st.sampled_from(CHANGES), st.integers(-1_500, 1_500), spans)
def test_any_quiet_hours_around_any_change(
    change: tuple[str, datetime], minutes: int, span: tuple[time, time]
) -> None:
    zone, quiet = ZoneInfo(change[0]), Quiet(*span)
    at = change[1] + minutes * MINUTE
    assert quiet.end_after(at, zone) == first_loud(at, quiet, zone)
    within = at + timedelta(seconds=17, microseconds=5)
    end = quiet.end_after(within, zone)
    assert not quiet.is_at(end, zone)
    assert end >= within
    assert end == within or quiet.is_at(end - timedelta(microseconds=1), zone)


@settings(max_examples=40)
@given(st.sampled_from(CHANGES), st.integers(-1_500, 1_500), spans)
def test_content_that_leaves_a_little_later_is_not_in_quiet_hours(
    change: tuple[str, datetime], minutes: int, span: tuple[time, time]
) -> None:
    zone, quiet = ZoneInfo(change[0]), Quiet(*span)
    at = quiet_end(change[1] + minutes * MINUTE, zone, quiet)
    assert not quiet.is_at(at, zone)
    assert not quiet.is_at(at + MARGIN, zone)


def test_the_repeated_hour_is_judged_by_the_clock_on_the_wall_both_times() -> None:
    """Amsterdam, 25 October 2026: 02:00 to 03:00 comes twice."""
    zone, quiet = ZoneInfo("Europe/Amsterdam"), Quiet(time(2, 15), time(2, 45))
    first = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
    assert quiet.end_after(first, zone) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert quiet.is_at(first + HOUR, zone)
    assert quiet.end_after(first + HOUR, zone) == datetime(2026, 10, 25, 1, 45, tzinfo=UTC)


def test_an_end_that_the_clock_skips_is_the_skip() -> None:
    """Amsterdam, 29 March 2026: 02:00 is followed by 03:00."""
    zone, quiet = ZoneInfo("Europe/Amsterdam"), Quiet(time(22), time(2, 30))
    at = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert quiet.end_after(at, zone) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_zone_that_is_not_known_is_the_installation_s() -> None:
    assert zone_named("", otherwise="Asia/Tokyo").key == "Asia/Tokyo"
    assert zone_named("Not/AZone", otherwise="Asia/Tokyo").key == "Asia/Tokyo"
    assert zone_named("Europe/Paris", otherwise="Asia/Tokyo").key == "Europe/Paris"
    assert zone_named("", otherwise="").key == "UTC"


limits = st.builds(
    Limit,
    subscription_type_id=st.sampled_from([ALL_TYPES, 1, 2]),
    most=st.one_of(st.none(), st.integers(1, 4)),
    days=st.integers(1, 9),
    gap_hours=st.sampled_from([0, 1, 16, 48]),
)
mails = st.lists(st.tuples(st.integers(0, 20 * 24 * 60), st.sampled_from([1, 2])), max_size=40)


@given(mails, st.lists(limits, min_size=1, max_size=3))
def test_no_window_ever_holds_more_than_the_limit(
    wanted: list[tuple[int, int]], rules: list[Limit]
) -> None:
    """Whatever wants to go when, what does go keeps every limit, and nothing waits in vain."""
    went: list[Mail] = []
    for number, (minute, kind) in enumerate(sorted(wanted), start=1):
        now = NOON + minute * MINUTE
        went = still_counting(went, rules, now=now) if number % 2 else went
        free = free_at(went, rules, subscription_type_id=kind)
        if free <= now:
            went.append(Mail(number, microseconds(now), kind))
        else:
            assert free_at(went, rules, subscription_type_id=kind) == free
            extra = Mail(0, microseconds(free - timedelta(microseconds=1)), kind)
            assert any(breaks(limit, [*went, extra]) for limit in rules), "it waits in vain"
        assert not any(breaks(limit, went) for limit in rules)


def breaks(limit: Limit, went: list[Mail]) -> bool:
    """Say whether the mails break a limit, by looking at each window."""
    counted = sorted(m.at_us for m in went if limit.concerns(m.subscription_type_id))
    gap, window = limit.gap_hours * 3_600_000_000, limit.days * 86_400_000_000
    if any(after - before < gap for before, after in pairwise(counted)):
        return True
    most = limit.most
    return bool(most) and any(
        last - first < window for first, last in zip(counted, counted[most or 0 :], strict=False)
    )


def test_science_s_defaults() -> None:
    """Three a week, sixteen hours between two."""
    limit = Limit(most=3, days=7, gap_hours=16)
    went = [Mail(n, microseconds(NOON + n * DAY), 1) for n in range(3)]
    assert limit.free_at_us(went[:1]) == microseconds(NOON + 16 * HOUR)
    assert limit.free_at_us(went[:2]) == microseconds(NOON + DAY + 16 * HOUR)
    assert limit.free_at_us(went) == microseconds(NOON + 7 * DAY)


def test_the_cap_then_quiet_hours_then_patience() -> None:
    amsterdam = ZoneInfo("Europe/Amsterdam")
    rules = Restraint(limits=(Limit(most=1, days=1),), quiet=Quiet(time(20), time(9)))
    went = [Mail(1, microseconds(NOON - 17 * HOUR), 1)]
    ask = Ask(1, amsterdam)
    later = NotBefore(datetime(2026, 6, 16, 7, 0, tzinfo=UTC), "capped")
    assert judge(ask, [], restraint=rules, now=NOON) == Go()
    assert judge(ask, went, restraint=rules, now=NOON) == later
    evening = NOON.replace(hour=18)
    late = NotBefore(datetime(2026, 6, 16, 7, 0, tzinfo=UTC), "quiet_hours")
    assert judge(ask, [], restraint=rules, now=evening) == late
    hasty = Ask(1, amsterdam, patient_until=NOON + 10 * HOUR)
    assert judge(hasty, went, restraint=rules, now=NOON) == LeftOut("capped")
    assert judge(hasty, [], restraint=rules, now=evening) == LeftOut("quiet_hours")
    assert judge(ask, went, restraint=rules, now=later.at) == Go()


def test_a_limit_that_was_just_set_begins_when_every_sender_has_seen_it() -> None:
    soon = NOON + timedelta(seconds=5)
    rules = Restraint(limits=(Limit(most=1),), in_force_at=soon)
    ask = Ask(1, ZoneInfo("UTC"))
    assert judge(ask, [], restraint=rules, now=NOON) == NotBefore(soon, "capped")
    assert judge(ask, [], restraint=rules, now=soon) == Go()
