"""Dates in the mail's language: month and weekday names without the system's locales. Pure."""

from __future__ import annotations

import re
from datetime import date

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
    "da": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
}
_DIRECTIVE = re.compile(r"%(-?)([aAbBdejmyYHIMSp%])")


def say_date(day: date, form: str, *, language: str = "en") -> str:
    """Return the date by a form such as '%d %B %Y'; unknown directives stay as they are."""
    months = MONTHS.get(language[:2], MONTHS["en"]).split()
    weekdays = WEEKDAYS.get(language[:2], WEEKDAYS["en"]).split()

    def say(found: re.Match[str]) -> str:
        dash, directive = found.groups()
        if directive in "bB":
            name = months[day.month - 1]
            return name[:3] if directive == "b" else name
        if directive in "aA":
            name = weekdays[day.weekday()]
            return name[:3] if directive == "a" else name
        if directive == "e":
            return str(day.day)
        said = day.strftime(f"%{directive}")
        return (said.lstrip("0") or "0") if dash else said

    return _DIRECTIVE.sub(say, form)
