"""What an expression is worth for one person: paths, filters, conditions and slots. Pure.

Each expression and condition becomes a closure once per mail; per recipient only these run. The
meaning is Liquid's (an empty field counts as missing: a contact without a first name has `nil`
there, so `default` and `if` do what a writer expects). Values unlike in type are never smaller or
greater than each other. Nothing here can fail for one contact only because a fact is missing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from sincerely.apps.content.rules.dates import say_date
from sincerely.apps.content.rules.liquid import Condition, Expression

Person = Mapping[str, Any]
Value = Callable[[Person], Any]
Test = Callable[[Person], bool]

LONGEST_VALUE = 10_000
SEPARATORS = {"en": (",", "."), "nl": (".", ","), "da": (".", ","), "sv": ("\u00a0", ",")}
_UNSAFE_CSS = re.compile(r"[^\w#.,% -]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\r]")
_LINE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_SCHEME = re.compile(r"(?i)(?:https?|mailto|tel|sms):")


def value_of(expression: Expression, *, language: str = "en") -> Value:
    """Return a function from a person's facts to the expression's value, filters applied."""
    steps = [_step(name, arguments, language) for name, arguments in expression.get("filters", [])]
    start = _start(expression)
    if not steps:
        return start

    def filtered(person: Person) -> Any:
        value = start(person)
        for step in steps:
            value = step(value)
        return value

    return filtered


def _start(expression: Expression) -> Value:
    if "value" in expression:
        constant = expression["value"]
        return lambda _person: constant
    path = expression["path"]
    if path == ["today"]:
        return lambda person: person.get("today")
    if path[0] != "contact" or len(path) == 1:
        return lambda _person: None
    if len(path) == 2:
        key = path[1]
        return lambda person: _present(person.get(key))
    return lambda person: _deep(person, path[1:])


def _present(value: Any) -> Any:
    """An empty text or list is a missing one."""
    return None if value in ("", [], {}) else value


def _deep(person: Person, keys: list[str]) -> Any:
    value: Any = person
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return _present(value)


def text_of(value: Any) -> str:
    """Return a value as Liquid prints it, at most LONGEST_VALUE characters."""
    if type(value) is str:
        return value[:LONGEST_VALUE]
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "".join(str(item) for item in value)[:LONGEST_VALUE]
    return str(value)[:LONGEST_VALUE]


def _plain(value: Any) -> str:
    """What a text filter works on: Liquid's filters print booleans as Python does."""
    return str(value) if isinstance(value, bool) else text_of(value)


def _step(name: str, arguments: list[Any], language: str) -> Callable[[Any], Any]:
    if name == "default":
        fallback = arguments[0]
        return lambda value: fallback if value is False or _present(value) is None else value
    if name == "truncate":
        length = arguments[0] if arguments else 50
        end = text_of(arguments[1]) if len(arguments) > 1 else "..."
        return lambda value: _truncate(_plain(value), length, end)
    if name == "date":
        return lambda value: _date(value, arguments[0], language)
    if name == "number":
        places = arguments[0] if arguments else None
        return lambda value: say_number(value, places=places, language=language)
    simple: dict[str, Callable[[str], str]] = {
        "upcase": str.upper,
        "downcase": str.lower,
        "capitalize": str.capitalize,
        "strip": str.strip,
    }
    change = simple[name]
    return lambda value: change(_plain(value))


def _truncate(text: str, length: int, end: str) -> str:
    return text if len(text) < length else f"{text[: length - len(end)]}{end}"


def _date(value: Any, form: str, language: str) -> str:
    if isinstance(value, date):
        return say_date(value, form, language=language)
    if not isinstance(value, str):
        return text_of(value)
    try:
        return say_date(datetime.fromisoformat(value), form, language=language)
    except ValueError:
        return value


def say_number(value: Any, *, places: int | None = None, language: str = "en") -> str:
    """Return a number with the language's separators; anything else as it stands."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return text_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text_of(value)
    if places is None:
        places = 0 if float(value).is_integer() else 2
    thousands, point = SEPARATORS.get(language[:2], SEPARATORS["en"])
    said = f"{value:,.{places}f}"
    return said.translate({ord(","): thousands, ord("."): point})


def check_of(condition: Condition, *, language: str = "en") -> Test:
    """Return a function from a person's facts to whether the condition holds."""
    sort = condition[0]
    if sort == "not":
        inner = check_of(condition[1], language=language)
        return lambda person: not inner(person)
    if sort in ("and", "or"):
        first, second = (check_of(part, language=language) for part in condition[1:])
        if sort == "and":
            return lambda person: first(person) and second(person)
        return lambda person: first(person) or second(person)
    left = value_of(condition[1], language=language)
    if sort == "is":
        return lambda person: _is_true(left(person))
    right = value_of(condition[2], language=language)
    compare = _COMPARE[sort]
    return lambda person: compare(left(person), right(person))


def _is_true(value: Any) -> bool:
    return value is not None and value is not False


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right  # 1 is not true
    return bool(left == right)


def _less(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left < right
    return False


def _at_most(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left <= right
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return False
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left <= right
    return _same(left, right)


def _contains(left: Any, right: Any) -> bool:
    if not _is_true(left) or not _is_true(right):
        return False
    if isinstance(left, str):
        return str(right) in left
    return isinstance(left, list | tuple | Mapping) and right in left


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "<": _less,
    ">": lambda left, right: _less(right, left),
    "<=": _at_most,
    ">=": lambda left, right: _at_most(right, left),
    "contains": _contains,
}


def clean(text: str) -> str:
    """Return a value without control characters, which no mail may carry."""
    return _CONTROL.sub("", text)


def as_html(text: str) -> str:
    """Return a value safe inside HTML text and quoted attributes."""
    return html.escape(clean(text))


def as_url(text: str) -> str:
    """Return a value safe as one component of an address."""
    return quote(clean(text), safe="")


def as_address(text: str) -> str:
    """Return a value that is a whole address; '' for schemes that mail must not carry."""
    text = _LINE.sub("", text).strip()
    return quote(text, safe="%/:=&?~#+!$,;@()*[]") if _SCHEME.match(text) else ""


def as_css(text: str) -> str:
    """Return a value that cannot leave its place in a style."""
    return _UNSAFE_CSS.sub("", text)[:100]


def as_header(text: str) -> str:
    """Return a value on one line: no header can be smuggled in."""
    return _LINE.sub(" ", text)


SHAPES: dict[str, Callable[[str], str]] = {
    "html": as_html,
    "text": clean,
    "url": as_url,
    "address": as_address,
    "css": as_css,
    "header": as_header,
}
