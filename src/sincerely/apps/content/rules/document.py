"""The block editor's document: a small JSON that is checked, tidied and drawn as MJML.

Shape: `{"version": 1, "blocks": [{"id", "type", "settings", "shown_to"?, "otherwise"?}]}`.
`shown_to` is a rule tree of the segments domain; `otherwise` is one block (without a rule of its
own) for everybody whom the rule does not select. There is always exactly one footer, at the end:
`tidy` puts it back where somebody left it out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sincerely.apps.content.rules.blocks import KINDS
from sincerely.apps.content.rules.blocks.rich import words_of
from sincerely.apps.content.rules.blocks.schema import (
    Link,
    Paint,
    clean_settings,
    gettext_noop,
)
from sincerely.apps.content.rules.frame import frame
from sincerely.apps.content.rules.look import BrandLook
from sincerely.apps.content.rules.nesting import DEEPEST, DepthProblem, check_depth

VERSION = 1
MOST_BLOCKS = 100
MOST_BYTES = 512 * 1024
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a document, at which block, in words for a member."""

    code: str
    message: str
    block_id: str = ""
    is_wall: bool = True


class BadDocument(ValueError):
    """The document cannot be stored; `problems` say why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its kind, its cleaned settings, whom it is shown to."""

    id: str
    type: str
    settings: dict[str, Any] = field(default_factory=dict)
    shown_to: dict[str, Any] | None = None
    otherwise: Block | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the block as it is stored."""
        raw: dict[str, Any] = {"id": self.id, "type": self.type, "settings": self.settings}
        if self.shown_to:
            raw["shown_to"] = self.shown_to
            if self.otherwise:
                raw["otherwise"] = self.otherwise.as_json()
        return raw


@dataclass(frozen=True, slots=True)
class Document:
    """The blocks of a mail, top to bottom, the footer last."""

    blocks: tuple[Block, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the document as it is stored."""
        return {"version": VERSION, "blocks": [block.as_json() for block in self.blocks]}

    def walk(self) -> Iterator[Block]:
        """Return every block, alternatives after what they stand in for."""
        for block in self.blocks:
            yield block
            if block.otherwise:
                yield block.otherwise


def parse(raw: Any) -> Document:
    """Return the document, cleaned and with its footer; raise BadDocument where it has no sense."""
    problems = shape_problems(raw)
    if problems:
        raise BadDocument(problems)
    blocks = [_block(row) for row in raw.get("blocks", [])]
    footers = [block for block in blocks if block.type == "footer"]
    footer = footers[0] if footers else Block("footer", "footer", clean_settings(_footer(), {}))
    return Document((*(block for block in blocks if block.type != "footer"), footer))


def tidy(raw: Any) -> dict[str, Any]:
    """Return the document as it may be stored; raise BadDocument where it has no sense.

    `rules` (block id → rule) belongs to MJML and HTML sources, which mark blocks by comments.
    """
    tidied = parse(raw).as_json()
    if isinstance(raw.get("rules"), dict):
        tidied["rules"] = raw["rules"]
    return tidied


def shape_problems(raw: Any) -> list[Problem]:
    """Return why this is no document at all: wrong version, unknown blocks, too large."""
    if not isinstance(raw, dict) or not isinstance(raw.get("blocks", []), list):
        return [Problem("shape", gettext_noop("This is not a document of the mail editor."))]
    if raw.get("version", VERSION) != VERSION:
        return [Problem("version", gettext_noop("A newer version of the editor wrote this."))]
    rows = raw.get("blocks", [])
    if len(rows) > MOST_BLOCKS or len(json.dumps(raw)) > MOST_BYTES:
        return [Problem("size", gettext_noop("The mail is too long: at most 100 blocks, 512 kB."))]
    problems: list[Problem] = []
    seen: set[str] = set()
    for row in rows:
        problems.extend(_row_problems(row, seen))
    return problems


def check_document(raw: Any) -> list[Problem]:
    """Return what is wrong with the document; walls stop a mail, the others are advice."""
    problems = shape_problems(raw)
    if problems:
        return problems
    document = parse(raw)
    for block in document.walk():
        problems.extend(_advice(block))
    if not any(_always_speaks(block) for block in document.blocks):
        message = gettext_noop(
            "Somebody who matches none of your rules would get an empty mail: add a block for "
            "everybody, or an alternative."
        )
        problems.append(Problem("empty", message))
    return problems


def block_rules(raw: Any) -> dict[str, dict[str, Any]]:
    """Return the rule of each block that is not for everybody, by block id."""
    return {block.id: block.shown_to for block in parse(raw).blocks if block.shown_to}


def links_of(raw: Any) -> list[tuple[str, Link]]:
    """Return every link of the document as (block id, link), in reading order."""
    return [
        (block.id, link)
        for block in parse(raw).walk()
        for link in KINDS[block.type].links(block.settings)
    ]


def mjml_blocks(raw: Any) -> list[tuple[str, str]]:
    """Return (block id, code) of the blocks that are written in MJML; they stand in mj-body."""
    return [
        (block.id, block.settings["code"])
        for block in parse(raw).walk()
        if block.type == "source" and block.settings["language"] == "mjml"
    ]


def roles_by_url(raw: Any) -> dict[str, str]:
    """Return the role (action, confirm) of each address that plays one."""
    return {link.url: link.role for _, link in links_of(raw) if link.role != "content"}


def to_mjml(raw: Any, look: BrandLook, *, language: str = "en", title: str = "") -> str:
    """Return the whole mail as MJML.

    A block by rule stands between the comments `block:ID` and `/block:ID`, its alternative after
    `else:ID`, so that the compiler can lift both out of the compiled HTML.
    """
    paint = Paint(look, language)
    body = "\n".join(_drawn(block, paint) for block in parse(raw).blocks)
    return frame(body, look, language=language, title=title)


def _drawn(block: Block, paint: Paint) -> str:
    drawn = KINDS[block.type].draw(block.settings, paint)
    if not block.shown_to:
        return drawn
    other = _drawn(block.otherwise, paint) if block.otherwise else ""
    between = f"{_mark(f'else:{block.id}')}{other}" if other else ""
    return f"{_mark(f'block:{block.id}')}{drawn}{between}{_mark(f'/block:{block.id}')}"


def _mark(words: str) -> str:
    return f"<mj-raw><!--{words}--></mj-raw>"


def _footer() -> tuple[Any, ...]:
    return KINDS["footer"].fields


def _block(row: dict[str, Any], *, is_inner: bool = False) -> Block:
    kind = KINDS[row["type"]]
    rule = None if is_inner or kind.is_locked else row.get("shown_to") or None
    other = row.get("otherwise") if rule else None
    return Block(
        id=row["id"],
        type=row["type"],
        settings=clean_settings(kind.fields, row.get("settings")),
        shown_to=rule,
        otherwise=_block(other, is_inner=True) if other else None,
    )


def _is_too_deep(text: str) -> bool:
    """Say whether a pasted text would keep its cleaner busy: its work is depth times length.

    100 kB of elements that open and never close took it 5 s.
    """
    if text.count("<") <= DEEPEST:
        return False
    try:
        check_depth(text, is_html=True)
    except DepthProblem:
        return True
    return False


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts among a block's settings, its items' included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _row_problems(row: Any, seen: set[str], *, is_inner: bool = False) -> list[Problem]:
    if not isinstance(row, dict):
        return [Problem("shape", gettext_noop("A block is not in the right shape."))]
    block_id = row.get("id")
    if not isinstance(block_id, str) or not ID.match(block_id) or block_id in seen:
        return [Problem("id", gettext_noop("Each block needs a name of its own."))]
    seen.add(block_id)
    if row.get("type") not in KINDS:
        return [Problem("type", gettext_noop("This kind of block is unknown."), block_id)]
    if not isinstance(row.get("shown_to") or {}, dict):
        return [Problem("rule", gettext_noop("The rule of this block cannot be read."), block_id)]
    if any(map(_is_too_deep, _texts(row.get("settings")))):
        message = gettext_noop("Too many elements stand inside each other: paste a smaller part.")
        return [Problem("depth", message, block_id)]
    other = row.get("otherwise")
    return _row_problems(other, seen, is_inner=True) if other and not is_inner else []


def _always_speaks(block: Block) -> bool:
    if block.shown_to and not (block.otherwise and _speaks(block.otherwise)):
        return False
    return _speaks(block)


def _speaks(block: Block) -> bool:
    if not KINDS[block.type].says_something:
        return False
    return any(_has_words(value) for value in block.settings.values())


def _has_words(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_words(inner) for item in value for inner in item.values())
    return (
        isinstance(value, str)
        and value not in {"left", "center", "paper", "tint"}
        and bool(words_of(value) or value.startswith("<"))
    )


def _advice(block: Block) -> list[Problem]:
    found: list[Problem] = []
    settings = block.settings
    if block.type == "button" and settings["label"] and not settings["url"]:
        message = gettext_noop("This button leads nowhere yet: give it a link.")
        found.append(Problem("button-link", message, block.id))
    if block.type in {"image", "product"} and settings["src"] and not settings["alt"]:
        message = gettext_noop("Say what the image shows, for those who cannot see it.")
        found.append(Problem("alt", message, block.id, is_wall=False))
    if block.type == "source" and "<mj-include" in settings["code"].lower():
        message = gettext_noop("mj-include is not allowed: paste what you want to include.")
        found.append(Problem("include", message, block.id))
    return found
