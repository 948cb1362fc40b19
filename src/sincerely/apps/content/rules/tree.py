"""Builds the tree of parts from a text with tokens. Pure.

Each place decides how its values are escaped: an address in `href`, one component of it, a style,
HTML text, plain text or a header. So a template cannot forget to escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sincerely.apps.content.rules.compiled import Parts
from sincerely.apps.content.rules.liquid import (
    ROOTS,
    SYSTEM_ROOTS,
    Expression,
    LiquidProblem,
    parse_condition,
    parse_output,
    parse_values,
)
from sincerely.apps.content.rules.source import Lifted, Mark
from sincerely.apps.content.rules.values import SHAPES, text_of, value_of

DEEPEST = 20
ADDRESS_ATTRIBUTES = ("href", "src", "action", "background", "poster")
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"'>]*))\Z""")

Item = str | tuple[Mark, str]


@dataclass(slots=True)
class Names:
    """What a tree may name: the brand's constants, and the numbers of blocks by their ids."""

    brand: Mapping[str, str] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)
    language: str = "en"

    def block_number(self, block_id: str) -> int:
        """Return the number of a block, counted from 1 in order of appearance."""
        return self.blocks.setdefault(block_id, len(self.blocks) + 1)


def build(lifted: Lifted, *, place: str, names: Names) -> Parts:
    """Return the parts of a text with tokens; `place` is html, text or header."""
    items = list(_items(lifted, place))
    return _Builder(items, names).whole()


def _items(lifted: Lifted, place: str) -> Iterator[Item]:
    at = 0
    for found in lifted.token.finditer(lifted.text):
        if found.start() > at:
            yield lifted.text[at : found.start()]
        kind = _kind_at(lifted.text, found.start()) if place == "html" else place
        yield lifted.mark_of(found), kind
        at = found.end()
    if at < len(lifted.text):
        yield lifted.text[at:]


def _kind_at(text: str, at: int) -> str:
    """Return how a value at this place of HTML must be escaped."""
    start = text.rfind("<", 0, at)
    if start > text.rfind(">", 0, at):
        found = _ATTRIBUTE.search(text[start:at])
        if not found:
            return "html"
        written = found[2] or found[3] or found[4] or ""
        return _attribute_kind(found[1].lower(), written)
    is_style = text.rfind("<style", 0, at) > text.rfind("</style", 0, at)
    return "css" if is_style else "html"


def _attribute_kind(name: str, written: str) -> str:
    if name in ADDRESS_ATTRIBUTES:
        return "url" if written.strip() else "address"
    return "css" if name == "style" else "html"


class _Builder:
    """Reads items from left to right; each opening tag reads on until its closing one."""

    def __init__(self, items: list[Item], names: Names) -> None:
        self.items = items
        self.names = names
        self.place = 0
        self.depth = 0

    def whole(self) -> Parts:
        """Return the parts of everything; a stray closing tag is refused."""
        parts, end = self._until(())
        if end is not None:
            raise _stray(end)
        return parts

    def _until(self, ends: tuple[str, ...]) -> tuple[Parts, Mark | None]:
        """Return the parts up to a tag of `ends` (which is taken) or to the end."""
        parts: Parts = []
        while self.place < len(self.items):
            item = self.items[self.place]
            self.place += 1
            if isinstance(item, str):
                _join(parts, item)
                continue
            mark, kind = item
            if mark.sort in ("tag", "block"):
                if _word(mark) in CLOSING:
                    if _word(mark) not in ends:
                        raise _stray(mark)
                    return parts, mark
                parts.append(self._opened(mark))
            else:
                _add(parts, self._leaf(mark, kind))
        return parts, None

    def _leaf(self, mark: Mark, kind: str) -> Any:
        form = "text" if kind in ("text", "header") else "html"
        if mark.sort == "literal":
            return mark.source
        if mark.sort == "link":
            return {"link": int(mark.source), "as": form}
        if mark.sort == "system":
            return {"system": mark.source, "as": form}
        expression = parse_output(mark.source, line=mark.line)
        path = expression.get("path", [""])
        if path[0] in SYSTEM_ROOTS and len(path) == 1:
            return {"system": SYSTEM_ROOTS[path[0]], "as": form}
        if path[0] == "brand" or "value" in expression:
            return SHAPES[kind](text_of(self._constant(expression)))
        return {"slot": self._known(expression, mark), "as": kind}

    def _constant(self, expression: Expression) -> Any:
        value = self._operand(expression)["value"]
        fixed = {"value": value, "filters": expression.get("filters", [])}
        return value_of(fixed, language=self.names.language)({})

    def _known(self, expression: Expression, mark: Mark) -> Expression:
        root = expression["path"][0]
        if root not in ROOTS:
            raise LiquidProblem("root", line=mark.line, word=root)
        return expression

    def _operand(self, operand: Expression) -> Expression:
        if operand.get("path", [""])[0] == "brand":
            key = operand["path"][1] if len(operand["path"]) == 2 else ""
            return {"value": self.names.brand.get(key)}
        return operand

    def _opened(self, mark: Mark) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise LiquidProblem("nested", line=mark.line)
        opening: dict[str, Callable[[Mark], Any]] = {
            "if": self._if,
            "unless": self._if,
            "case": self._case,
            "block": self._block,
        }
        word = _word(mark)
        if word not in opening:
            raise LiquidProblem("tag", line=mark.line, word=word)
        part = opening[word](mark)
        self.depth -= 1
        return part

    def _condition(self, mark: Mark) -> list[Any]:
        condition = parse_condition(_rest(mark), line=mark.line)
        condition = self._checked(condition, mark)
        return ["not", condition] if _word(mark) == "unless" else condition

    def _checked(self, condition: list[Any], mark: Mark) -> list[Any]:
        checked: list[Any] = [condition[0]]
        for part in condition[1:]:
            if isinstance(part, list):
                checked.append(self._checked(part, mark))
            else:
                part.setdefault("filters", [])
                operand = self._operand(part)
                checked.append(operand if "value" in operand else self._known(operand, mark))
        return checked

    def _if(self, opening: Mark) -> Any:
        closing = f"end{_word(opening)}"
        branches: list[list[Any]] = []
        otherwise: Parts = []
        mark: Mark = opening
        while True:
            is_else = _word(mark) == "else"
            condition = None if is_else else self._condition(mark)
            parts, end = self._until((closing,) if is_else else ("elsif", "else", closing))
            if end is None:
                raise _left_open(opening)
            if is_else:
                otherwise = parts
            else:
                branches.append([condition, parts])
            if _word(end) == closing:
                return {"if": branches, "else": otherwise}
            mark = end

    def _case(self, opening: Mark) -> Any:
        subject = parse_values(_rest(opening), line=opening.line)[0]
        _, mark = self._until(("when", "else", "endcase"))
        branches: list[list[Any]] = []
        otherwise: Parts = []
        while mark is not None and _word(mark) != "endcase":
            condition = None if _word(mark) == "else" else self._when(subject, mark)
            parts, end = self._until(("when", "else", "endcase"))
            if condition is None:
                otherwise = parts
            else:
                branches.append([condition, parts])
            mark = end
        if mark is None or not branches:
            raise _left_open(opening)
        return {"if": branches, "else": otherwise}

    def _when(self, subject: Expression, mark: Mark) -> list[Any]:
        tests = [
            ["==", dict(subject), value] for value in parse_values(_rest(mark), line=mark.line)
        ]
        condition: list[Any] = tests[-1]
        for test in reversed(tests[:-1]):
            condition = ["or", test, condition]
        return self._checked(condition, mark)

    def _block(self, opening: Mark) -> Any:
        block_id = opening.source.partition(":")[2]
        then, end = self._until((f"else:{block_id}", f"/block:{block_id}"))
        otherwise: Parts = []
        if end is not None and end.source.startswith("else:"):
            otherwise, end = self._until((f"/block:{block_id}",))
        if end is None:
            raise LiquidProblem("block_never_closed", line=opening.line, word=block_id)
        return {"block": self.names.block_number(block_id), "then": then, "else": otherwise}


class _Closing:
    """The words that close or divide something."""

    words = frozenset(("elsif", "else", "endif", "endunless", "when", "endcase"))

    def __contains__(self, word: str) -> bool:
        return word in self.words or word.startswith(("else:", "/block:"))


CLOSING = _Closing()


def _stray(mark: Mark) -> LiquidProblem:
    return LiquidProblem("closes_nothing", line=mark.line, source=mark.source)


def _left_open(mark: Mark) -> LiquidProblem:
    return LiquidProblem("never_closed", line=mark.line, source=mark.source)


def _word(mark: Mark) -> str:
    if mark.sort == "block":
        return "block" if mark.source.startswith("block:") else mark.source
    return mark.source.split(None, 1)[0] if mark.source else ""


def _rest(mark: Mark) -> str:
    return mark.source.partition(_word(mark))[2]


def _join(parts: Parts, text: str) -> None:
    if text and parts and isinstance(parts[-1], str):
        parts[-1] += text
    elif text:
        parts.append(text)


def _add(parts: Parts, part: Any) -> None:
    if isinstance(part, str):
        _join(parts, part)
    else:
        parts.append(part)
