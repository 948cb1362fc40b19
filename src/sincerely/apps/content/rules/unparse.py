"""Writes parts back as Liquid: for the editable text part and for the oracle. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sincerely.apps.content.rules.compiled import Parts
from sincerely.apps.content.rules.liquid import SYSTEM_ROOTS, Condition, Expression

SYSTEM_NAMES = {name: root for root, name in SYSTEM_ROOTS.items()}

Leaf = Callable[[dict[str, Any]], str]


def written(parts: Parts, *, leaf: Leaf, literal: Callable[[str], str] = str) -> str:
    """Return the parts as Liquid; `leaf` writes slots, links, system addresses and blocks' tests.

    For a block, `leaf` gets the part and returns the opening tag, a `\\x00`, the middle one, a
    `\\x00` and the closing one.
    """
    return "".join(_written(part, leaf, literal) for part in parts)


def _written(part: Any, leaf: Leaf, literal: Callable[[str], str]) -> str:
    if isinstance(part, str):
        return literal(part)
    if "if" in part:
        return _choice(part, leaf, literal)
    if "block" in part:
        opening, middle, closing = leaf(part).split("\x00")
        then = written(part["then"], leaf=leaf, literal=literal)
        other = written(part["else"], leaf=leaf, literal=literal)
        return f"{opening}{then}{middle + other if other else ''}{closing}"
    return leaf(part)


def _choice(part: dict[str, Any], leaf: Leaf, literal: Callable[[str], str]) -> str:
    out: list[str] = []
    word, tail = "if", ""
    for condition, parts in part["if"]:
        inner = written(parts, leaf=leaf, literal=literal)
        if word == "if" and condition[0] == "not":
            # `unless` has no elsif of its own in what we write: nest the rest in its else.
            out.append(f"{{% unless {said_condition(condition[1])} %}}{inner}")
            rest = {"if": part["if"][1:], "else": part["else"]}
            other = (
                _choice(rest, leaf, literal)
                if rest["if"]
                else written(part["else"], leaf=leaf, literal=literal)
            )
            return f"{out[0]}{{% else %}}{other}{{% endunless %}}"
        out.append(f"{{% {word} {said_condition(condition)} %}}{inner}")
        word = "elsif"
    if part["else"]:
        tail = "{% else %}" + written(part["else"], leaf=leaf, literal=literal)
    return f"{''.join(out)}{tail}{{% endif %}}"


def said_condition(condition: Condition) -> str:
    """Return a condition as Liquid writes it."""
    sort = condition[0]
    if sort in ("and", "or"):
        return f"{said_condition(condition[1])} {sort} {said_condition(condition[2])}"
    if sort == "is":
        return said(condition[1])
    return f"{said(condition[1])} {sort} {said(condition[2])}"


def said(expression: Expression) -> str:
    """Return an expression as Liquid writes it, filters included."""
    out = _path(expression["path"]) if "path" in expression else _constant(expression["value"])
    for name, arguments in expression.get("filters", ()):
        out += f" | {name}"
        if arguments:
            out += ": " + ", ".join(map(_constant, arguments))
    return out


def _path(path: list[str]) -> str:
    first, *rest = path
    return first + "".join(
        f".{key}" if key.isidentifier() and key.isascii() else f"[{_constant(key)}]" for key in rest
    )


def _constant(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nil"
    if isinstance(value, str):
        return f"'{value}'" if '"' in value else f'"{value}"'
    return str(value)


def as_source(parts: Parts, *, urls: Mapping[int, str], blocks: Mapping[int, str]) -> str:
    """Return a text part as its writer may edit it: links as addresses, blocks by their marks."""

    def leaf(part: dict[str, Any]) -> str:
        if "slot" in part:
            return f"{{{{ {said(part['slot'])} }}}}"
        if "link" in part:
            return urls[part["link"]]
        if "system" in part:
            return f"{{{{ {SYSTEM_NAMES[part['system']]} }}}}"
        name = blocks[part["block"]]
        return f"<!--block:{name}-->\x00<!--else:{name}-->\x00<!--/block:{name}-->"

    return written(parts, leaf=leaf, literal=_literal)


def _literal(text: str) -> str:
    """Return a literal that Liquid will not read."""
    if "{{" in text or "{%" in text:
        return f"{{% raw %}}{text}{{% endraw %}}"
    return text
