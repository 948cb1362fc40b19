"""The small Liquid that mails may use: parsed into JSON expressions and conditions. Pure.

What there is: outputs with filters, `if`/`elsif`/`else`/`unless`/`case` on the contact's facts.
What there is not: loops, ranges, assignments, includes, drops, method calls. Own parser instead
of python-liquid's because the result must be JSON, because each error must name its place in
plain words, and because what the parser cannot express cannot be attacked; python-liquid stays the
oracle (reference.py).

    EXPRESSION  {"path": ["contact", "city"], "filters": [["default", ["friend"]]]}
                {"value": 3, "filters": []}
    CONDITION   ["is", E] | ["==", E, E] (also != < > <= >= contains) | ["and"|"or", C, C]
                | ["not", C]
"""

from __future__ import annotations

import re
from typing import Any

from sincerely.apps.content.rules.wrong import Value, Wrong

Expression = dict[str, Any]
Condition = list[Any]

ROOTS = ("contact", "brand", "today", "unsubscribe_url", "preferences_url", "view_url")
SYSTEM_ROOTS = {
    "unsubscribe_url": "unsubscribe",
    "preferences_url": "preferences",
    "view_url": "view",
}
# Filter → (fewest, most) arguments.
FILTERS = {
    "default": (1, 1),
    "upcase": (0, 0),
    "downcase": (0, 0),
    "capitalize": (0, 0),
    "strip": (0, 0),
    "escape": (0, 0),
    "truncate": (0, 2),
    "date": (1, 1),
    "number": (0, 1),
}
COMPARISONS = ("==", "!=", "<>", "<=", ">=", "<", ">", "contains")
LONGEST_EXPRESSION = 500
LONGEST_PATH = 4

_WORD = re.compile(
    r"""\s*(?:(?P<string>"[^"]*"|'[^']*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"""
    r"""|(?P<operator>==|!=|<>|<=|>=|<|>|\||:|,|\.|\[|\])|(?P<name>[A-Za-z_][\w-]*\??))"""
)
_DATE_FORMAT = re.compile(r"(?:%-?[aAbBdejmyYHIMSp%]|[^%])*")
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "nil": None, "null": None}
_CONSTANTS |= {"empty": None, "blank": None}  # an empty field is a missing one


class LiquidProblem(Wrong, ValueError):
    """The Liquid cannot be read."""


class _Words:
    """The words of one tag, read from left to right."""

    def __init__(self, source: str, line: int) -> None:
        self.line = line
        self.source = source
        self.words = self._split(source)
        self.place = 0

    def _split(self, source: str) -> list[tuple[str, str]]:
        if len(source) > LONGEST_EXPRESSION:
            raise LiquidProblem("long", line=self.line)
        words, at = [], 0
        while source[at:].strip():
            found = _WORD.match(source, at)
            if not found or not found.lastgroup:
                near = source[at:].strip()[:12]
                raise self.problem("unreadable", near=near)
            words.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        return words

    def peek(self) -> str:
        """Return the next word, '' at the end; a string counts by its quotes."""
        return self.words[self.place][1] if self.place < len(self.words) else ""

    def take(self) -> tuple[str, str]:
        """Return the next word with its sort and move on."""
        if self.place >= len(self.words):
            raise self.problem("unfinished")
        self.place += 1
        return self.words[self.place - 1]

    def skip(self, *wanted: str) -> bool:
        """Move past the next word if it is one of these."""
        if self.peek() in wanted and self.words[self.place][0] != "string":
            self.place += 1
            return True
        return False

    def problem(self, code: str, **values: Value) -> LiquidProblem:
        return LiquidProblem(code, line=self.line, source=self.source.strip(), **values)

    def finish(self) -> None:
        """Refuse anything that is left."""
        if self.peek():
            raise self.problem("unexpected", word=self.peek())


def parse_output(source: str, *, line: int = 0) -> Expression:
    """Read what stands between `{{` and `}}`; raises LiquidProblem."""
    words = _Words(source, line)
    expression = _operand(words)
    expression["filters"] = _filters(words)
    words.finish()
    return expression


def parse_condition(source: str, *, line: int = 0) -> Condition:
    """Read what follows `if`; and/or group from the right, as in Liquid; raises LiquidProblem."""
    words = _Words(source, line)
    condition = _condition(words)
    words.finish()
    return condition


def parse_values(source: str, *, line: int = 0) -> list[Expression]:
    """Read what follows `case` (one value) or `when` (values with commas or `or`)."""
    words = _Words(source, line)
    values = [_operand(words)]
    while words.skip(",", "or"):
        values.append(_operand(words))
    words.finish()
    return values


def _condition(words: _Words) -> Condition:
    left = _comparison(words)
    if words.skip("and"):
        return ["and", left, _condition(words)]
    if words.skip("or"):
        return ["or", left, _condition(words)]
    return left


def _comparison(words: _Words) -> Condition:
    left = _operand(words)
    for sign in COMPARISONS:
        if words.skip(sign):
            return ["!=" if sign == "<>" else sign, left, _operand(words)]
    return ["is", left]


def _operand(words: _Words) -> Expression:
    sort, word = words.take()
    if sort == "string":
        return {"value": word[1:-1]}
    if sort == "number":
        return {"value": float(word) if "." in word else int(word)}
    if sort != "name":
        raise words.problem("unexpected", word=word)
    if word in _CONSTANTS:
        return {"value": _CONSTANTS[word]}
    return {"path": _path(words, word)}


def _path(words: _Words, first: str) -> list[str]:
    path = [first]
    while words.peek() in (".", "["):
        if words.skip("."):
            sort, word = words.take()
            if sort != "name" or (len(path) > 1 and word in ("size", "first", "last")):
                raise words.problem("after_dot", word=word)
            path.append(word)
        else:
            words.take()
            sort, word = words.take()
            if sort != "string" or not words.skip("]"):
                raise words.problem("quoted_name")
            path.append(word[1:-1])
    if len(path) > LONGEST_PATH:
        raise words.problem("dots")
    return path


def _filters(words: _Words) -> list[list[Any]]:
    found: list[list[Any]] = []
    while words.skip("|"):
        sort, name = words.take()
        if sort != "name" or name not in FILTERS:
            raise words.problem("filter", word=name, known=", ".join(sorted(FILTERS)))
        arguments = _arguments(words)
        fewest, most = FILTERS[name]
        if not fewest <= len(arguments) <= most:
            raise words.problem("filter_values", word=name, count=fewest or most)
        _check_arguments(words, name, arguments)
        if name != "escape":  # escaping is always done, by where the value stands
            found.append([name, arguments])
    return found


def _arguments(words: _Words) -> list[Any]:
    if not words.skip(":"):
        return []
    arguments = [_literal(words)]
    while words.skip(","):
        arguments.append(_literal(words))
    return arguments


def _literal(words: _Words) -> Any:
    operand = _operand(words)
    if "value" not in operand:
        raise words.problem("literal")
    return operand["value"]


def _check_arguments(words: _Words, name: str, arguments: list[Any]) -> None:
    """Refuse arguments that would fail, or cost too much, at sending time."""
    first = arguments[0] if arguments else None
    if name == "date" and not (isinstance(first, str) and _DATE_FORMAT.fullmatch(first)):
        raise words.problem("date_form")
    if name == "number" and not (first is None or (type(first) is int and 0 <= first <= 6)):
        raise words.problem("number_places")
    if name == "truncate" and not (
        first is None
        or (type(first) is int and 1 <= first <= 10_000 and isinstance(arguments[-1], str | int))
    ):
        raise words.problem("truncate_length")
