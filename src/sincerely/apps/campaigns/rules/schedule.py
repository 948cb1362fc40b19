"""When a campaign leaves: now, at a time in a named zone, or in each contact's zone.

A local time that a change to summer time skips is moved forward by the gap; one that happens twice
is taken the first time (PEP 495, fold 0). The unknown zone of a contact is the organisation's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

GRACE = timedelta(seconds=60)  # sending can be stopped for a minute after the button
# The first and the last zone on earth reach a local time 26 hours apart.
WESTERNMOST, EASTERNMOST = timedelta(hours=12), timedelta(hours=14)
FARTHEST = timedelta(days=36_525)  # a later day is a slip of the pen


@dataclass(frozen=True, slots=True)
class Now:
    """Leave after the minute in which it can still be stopped."""


@dataclass(frozen=True, slots=True)
class At:
    """Leave at one moment everywhere; `at` is aware."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Local:
    """Leave at this date and time on each contact's own clock."""

    on: date
    at: time


Schedule = Now | At | Local


class WrongSchedule(ValueError):
    """The schedule cannot be kept; the text says what to do, in English."""


class TooFar(WrongSchedule):
    """The day is further away than anybody plans."""


def moment(on: date, at: time, zone: str) -> datetime:
    """Return the moment, in UTC, when clocks in the zone show this date and time."""
    try:
        return datetime.combine(on, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise WrongSchedule(f"The time zone “{zone}” is not known.") from error
    except OverflowError as error:  # the last day of the calendar, or its first
        raise TooFar("No clock shows this day.") from error


def launch_moment(schedule: Schedule, *, now: datetime, grace: timedelta = GRACE) -> datetime:
    """Return when planning begins; WrongSchedule if that time is past, TooFar beyond a century."""
    if not isinstance(schedule, Now):
        _check_day(schedule.at.date() if isinstance(schedule, At) else schedule.on, now.date())
    match schedule:
        case Now():
            return now + grace
        case At(at=at):
            if at < now:
                raise WrongSchedule("This time is past. Choose a later one, or send now.")
            return at
        case Local(on=on, at=at):
            first = datetime.combine(on, at, tzinfo=UTC) - EASTERNMOST
            if datetime.combine(on, at, tzinfo=UTC) + WESTERNMOST < now:
                raise WrongSchedule("This time is past in every time zone. Choose a later one.")
            return max(now + grace, first)


def _check_day(on: date, today: date) -> None:
    if on > today + FARTHEST:
        raise TooFar("This day is more than a century away.")
    if on < today - timedelta(days=2):  # nor could the hours of its zones be counted in year 1
        raise WrongSchedule("This day is past. Choose a later one.")


def due_moments(
    schedule: Schedule, zones: Iterable[str], *, launch: datetime
) -> dict[str, datetime]:
    """Return, per zone, when its messages are due; a local time already past is due at once."""
    if not isinstance(schedule, Local):
        return dict.fromkeys(zones, launch)
    return {zone: max(launch, moment(schedule.on, schedule.at, zone)) for zone in zones}
