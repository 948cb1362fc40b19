"""The compiled mail: a tree of parts that the renderers fill, stored as JSON. Pure.

A part is a literal string or a small mapping:

    {"slot": EXPRESSION, "as": KIND}      a value of the contact; KIND see SLOT_KINDS
    {"link": n, "as": KIND}               the address of tracked link n, KIND html or text
    {"system": NAME, "as": KIND}          an address that is not tracked, see SYSTEM_NAMES
    {"if": [[CONDITION, PARTS], …], "else": PARTS}
    {"block": n, "then": PARTS, "else": PARTS}   a block shown by rule n

EXPRESSION and CONDITION are described in rules/liquid.py. The tree holds no code and no way to
reach anything but the contact's own facts: what cannot be written down here cannot be rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
SLOT_KINDS = ("html", "text", "url", "address", "css", "header")
SYSTEM_NAMES = ("unsubscribe", "preferences", "view", "open")

Part = str | dict[str, Any]
Parts = list[Part]


@dataclass(frozen=True, slots=True)
class CompiledLink:
    """One tracked target: `number` is the n of its parts, from 1; `block` its block by rule."""

    number: int
    url: str
    text: str = ""
    role: str = "content"
    label_id: int | None = None
    block: int | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """One mail, ready for the renderers.

    `blocks` maps a block's number to its id in the document. `requires_block` is true where
    nothing but header and footer is left when every block by rule is hidden: such a mail is
    never sent empty.
    """

    subject: Parts
    preheader: Parts
    html: Parts
    text: Parts
    links: tuple[CompiledLink, ...] = ()
    blocks: dict[int, str] = field(default_factory=dict)
    requires_block: bool = False
    language: str = "en"

    def as_json(self) -> dict[str, Any]:
        """Return what is stored in `ContentVersion.compiled`."""
        stored = asdict(self)
        stored["blocks"] = {str(number): name for number, name in self.blocks.items()}
        return stored | {"format": FORMAT}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Compiled:
        """Read a stored compiled mail; raises ValueError for a format of a later program."""
        if stored.get("format") != FORMAT:
            raise ValueError("This content was stored by another version of the program.")
        return cls(
            subject=stored["subject"],
            preheader=stored["preheader"],
            html=stored["html"],
            text=stored["text"],
            links=tuple(CompiledLink(**link) for link in stored["links"]),
            blocks={int(number): name for number, name in stored["blocks"].items()},
            requires_block=stored["requires_block"],
            language=stored["language"],
        )


def branches(part: Part) -> Iterator[Parts]:
    """Yield the part lists inside a part; nothing for a leaf."""
    if isinstance(part, str):
        return
    if "if" in part:
        for _, parts in part["if"]:
            yield parts
        yield part["else"]
    elif "block" in part:
        yield part["then"]
        yield part["else"]


def joined(parts: Parts) -> Parts:
    """Return the parts with neighbouring literals made one and empty ones left out."""
    out: Parts = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part:
            out.append(part)
    return out


def walk(parts: Parts) -> Iterator[Part]:
    """Yield every part of a tree, parents before children."""
    for part in parts:
        yield part
        for branch in branches(part):
            yield from walk(branch)


def certain_systems(parts: Parts) -> set[str]:
    """Return the system addresses that every recipient sees (outside conditions and blocks)."""
    return {part["system"] for part in parts if isinstance(part, dict) and "system" in part}
