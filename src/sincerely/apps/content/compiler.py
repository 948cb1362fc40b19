"""From a draft to a compiled mail: Liquid out, MJML and CSS, Liquid back, footer.

Liquid and block marks are lifted out before MJML and css-inline see the source (rules/source.py)
and come back as parts. Nothing remote and no file is ever loaded. The footer cannot be lost: what
of it is not certain to be seen by everybody is added at the end of both parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from css_inline import CSSInliner
from mjml import mjml2html

from sincerely.apps.content.models import Content, Mode
from sincerely.apps.content.queries.looks import look_of
from sincerely.apps.content.rules import closing
from sincerely.apps.content.rules.compiled import Compiled, CompiledLink, Part, Parts, branches
from sincerely.apps.content.rules.document import (
    BadDocument,
    block_rules,
    check_document,
    roles_by_url,
    to_mjml,
)
from sincerely.apps.content.rules.links import LinkFacts, note_of, place_links, with_utm
from sincerely.apps.content.rules.liquid import LiquidProblem
from sincerely.apps.content.rules.look import BrandLook
from sincerely.apps.content.rules.mjml import MjmlProblem, check_markup, check_mjml
from sincerely.apps.content.rules.nesting import DEEPEST_MADE, DepthProblem, check_depth
from sincerely.apps.content.rules.plain import plain_text
from sincerely.apps.content.rules.source import Lifted, Mark, lift
from sincerely.apps.content.rules.tree import Names, build
from sincerely.apps.content.rules.unparse import as_source
from sincerely.apps.content.rules.values import as_html
from sincerely.apps.content.rules.wrong import Wrong
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE
from sincerely.apps.labels.queries import link_patterns
from sincerely.apps.labels.rules import label_for

LARGEST_HTML = 1_048_576
# Each reads a source once, also one that opens a thousand times and never closes.
_SCRIPT = re.compile(
    r"<script\b[^<>]*/>|<script\b.*?(?:</script\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_LINK = re.compile(r"<link\b[^<>]*>", re.IGNORECASE)
_IS_STYLE = re.compile(r"\brel\s*=\s*[\"']?stylesheet", re.IGNORECASE)
_MJ_STYLE = re.compile(r"<mj-style\b[^<>]*>(.*?)(?:</mj-style\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_AT_RULE = re.compile(r"@[^{};]*+(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|\Z)", re.DOTALL)
_WEB = re.compile(rf"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]|{CONFIRM_PAGE}\b")


class CompileProblem(Wrong, ValueError):
    """The mail cannot be made; `line` is where in the writer's source, 0 in a mail of blocks."""


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that a compiled mail is made of, without the database."""

    mode: str
    source: str
    subject: str
    preheader: str = ""
    language: str = "en"
    look: BrandLook = field(default_factory=lambda: BrandLook(name=""))
    edited_text: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    label_rules: Sequence[tuple[str, int]] = ()
    requires_block: bool = False
    utm: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A compiled draft with what its writer wants to see: every link, and the text to edit."""

    compiled: Compiled
    links: tuple[LinkFacts, ...]
    text_source: str


def compile_content(content: Content, *, utm: Mapping[str, Any] | None = None) -> Compiled:
    """Return the compiled mail of a draft; raises CompileProblem."""
    return compile_draft(content, utm=utm).compiled


def compile_draft(content: Content, *, utm: Mapping[str, Any] | None = None) -> Draft:
    """Return the compiled mail of a draft with its links; raises CompileProblem."""
    return compile_source(source_of(content, utm=utm))


def source_of(content: Content, *, utm: Mapping[str, Any] | None = None) -> Source:
    """Return what a draft is made of; raises CompileProblem for a document that makes no sense."""
    look = look_of(content.brand)
    roles: dict[str, str] = {}
    source, needs_block = content.source, False
    if content.mode == Mode.BLOCKS:
        try:
            source = to_mjml(
                content.document, look, language=content.language, title=content.subject
            )
            roles = roles_by_url(content.document)
            needs_block = any(p.code == "empty" for p in check_document(content.document))
        except BadDocument as problem:
            why = problem.problems[0].message
            raise CompileProblem("document", why=why) from problem
    return Source(
        mode=content.mode,
        source=source,
        subject=content.subject,
        preheader=content.preheader,
        language=content.language,
        look=look,
        edited_text=content.text if content.is_text_edited else None,
        roles=roles,
        choices=content.link_choices,
        label_rules=link_patterns(),
        requires_block=needs_block,
        utm=utm or {},
    )


def compile_source(source: Source) -> Draft:
    """Return the compiled mail; raises CompileProblem with the place in the writer's source."""
    try:
        return _Compilation(source).draft()
    except (LiquidProblem, MjmlProblem, DepthProblem) as problem:
        line = problem.line if source.mode != Mode.BLOCKS else 0
        raise CompileProblem(problem.code, line=line, **problem.values) from problem


class _Compilation:
    """One run over one source."""

    def __init__(self, source: Source) -> None:
        look = source.look
        brand = {
            "name": look.name,
            "postal_address": look.postal_address,
            "privacy_url": look.privacy_url,
        }
        self.source = source
        self.names = Names(brand=brand, language=source.language)

    def draft(self) -> Draft:
        source = self.source
        lifted = lift(source.source)
        made = replace_text(lifted, self._made(lifted.text))
        roles = {**source.roles, **_chosen_roles(source.choices)}
        found = place_links(made, roles=roles, privacy_url=source.look.privacy_url)
        html = build(made, place="html", names=self.names)
        text, extra = self._text(made, found)
        links = [*self._with_labels(found, html), *extra]
        compiled = Compiled(
            subject=_one_line(self._header(source.subject)),
            preheader=_one_line(self._header(source.preheader)),
            html=self._completed_html(html),
            text=closing.with_closing_text(text, source.look, source.language),
            links=tuple(self._compiled_link(link) for link in links if link.number is not None),
            blocks={number: name for name, number in self.names.blocks.items()},
            requires_block=source.requires_block and bool(self.names.blocks),
            language=source.language,
        )
        urls = {link.number: link.url for link in links if link.number is not None}
        return Draft(compiled, tuple(links), as_source(text, urls=urls, blocks=compiled.blocks))

    def _made(self, text: str) -> str:
        is_html = self.source.mode == Mode.HTML
        text = _SCRIPT.sub("", text)
        check_depth(text, is_html=is_html)
        if is_html:
            text = _LINK.sub(lambda tag: "" if _IS_STYLE.search(tag[0]) else tag[0], text)
            inliner = CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
        else:
            if "<mj-include" in text.lower():
                raise CompileProblem("mjml_include")
            css = _AT_RULE.sub("", "\n".join(_MJ_STYLE.findall(text)))
            text = _mjml(text, self.source.source)
            inliner = CSSInliner(
                keep_style_tags=True,
                inline_style_tags=False,
                load_remote_stylesheets=False,
                extra_css=css,
            )
            if not css.strip():
                return text
            check_depth(text, is_html=True, deepest=DEEPEST_MADE)
        try:
            made = inliner.inline(text)
        except (ValueError, RuntimeError) as problem:
            raise CompileProblem("styles", why=str(problem)) from problem
        if len(made) > LARGEST_HTML:
            raise CompileProblem("mail_size")
        return made

    def _header(self, text: str) -> Parts:
        return build(lift(text, is_html=False), place="header", names=self.names)

    def _text(self, made: Lifted, found: list[LinkFacts]) -> tuple[Parts, list[LinkFacts]]:
        """Return the text part and the links that only stand in an edited text."""
        if self.source.edited_text is None:
            lifted = replace_text(made, plain_text(made, made.text))
            return build(lifted, place="text", names=self.names), []
        lifted = lift(self.source.edited_text, is_html=False)
        known = {link.url: link for link in found}
        extra: list[LinkFacts] = []

        def place(match: re.Match[str]) -> str:
            link = known.get(match[0])
            if link is None and not lifted.token.search(match[0]) and not note_of(match[0]):
                number = 1 + sum(1 for other in known.values() if other.number)
                role = "confirm" if match[0] == CONFIRM_PAGE else "content"
                link = LinkFacts(match[0], match[0], (), role, number=number)
                known[link.url] = link
                extra.append(self._labelled(link, ""))
            if link is None or link.number is None:
                return match[0]
            return lifted.add(Mark("link", str(link.number)))

        lifted.text = _WEB.sub(place, lifted.text)
        return build(lifted, place="text", names=self.names), extra

    def _with_labels(self, found: list[LinkFacts], html: Parts) -> list[LinkFacts]:
        blocks: dict[int, str] = {}
        for number, block in _links_by_block(html, ""):
            blocks[number] = block if blocks.get(number, block) == block else ""
        names = {str(number): name for name, number in self.names.blocks.items()}
        return [
            self._labelled(link, names.get(blocks.get(link.number or 0, ""), "")) for link in found
        ]

    def _labelled(self, link: LinkFacts, block: str) -> LinkFacts:
        choice = self.source.choices.get(link.url, {})
        link = replace(link, block=block)
        if not link.may_be_labelled:
            return link
        if "label" in choice:  # also where a member chose that it has none
            return replace(link, label_id=choice["label"])
        return replace(link, label_id=label_for(link.url, self.source.label_rules))

    def _compiled_link(self, link: LinkFacts) -> CompiledLink:
        is_marked = self.source.utm and link.role in ("content", "action")
        return CompiledLink(
            number=link.number or 0,
            url=with_utm(link.url, self.source.utm) if is_marked else link.url,
            text=link.text,
            role=link.role,
            label_id=link.label_id,
            block=self.names.blocks.get(link.block),
        )

    def _completed_html(self, html: Parts) -> Parts:
        source = self.source
        html = closing.with_closing_html(html, source.look, source.language)
        html = closing.with_preheader(html, _as_html(self._header(source.preheader)))
        return closing.with_pixel(html)


def rules_by_number(content: Content, compiled: Compiled) -> dict[str, Any]:
    """Return the rule tree of each block by rule, by its number as text (JSON's keys).

    In MJML and HTML the rules stand in the document under `rules`, by block id; a block without
    one is shown to nobody but its alternative to everybody.
    """
    if content.mode == Mode.BLOCKS:
        rules = block_rules(content.document)
    else:
        rules = content.document.get("rules", {})
    return {str(number): rules[name] for number, name in compiled.blocks.items() if name in rules}


def replace_text(lifted: Lifted, text: str) -> Lifted:
    """Return the same marks over another text."""
    return Lifted(text, lifted.nonce, lifted.marks)


def _mjml(text: str, source: str) -> str:
    """Return the HTML of MJML; `source` is as its writer sees it, to name the line of an error."""
    check_mjml(source)
    try:
        made = mjml2html(text, fonts={}, disable_comments=False)
    except Exception as problem:  # the library's own error type is not public
        check_markup(source)
        raise CompileProblem("mjml_unreadable") from problem
    return made if isinstance(made, str) else str(made)


def _chosen_roles(choices: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {url: choice["role"] for url, choice in choices.items() if choice.get("role")}


def _links_by_block(parts: Parts, block: str) -> list[tuple[int, str]]:
    """Return (link number, number of its block by rule or '') for every link."""
    found: list[tuple[int, str]] = []
    for part in parts:
        if isinstance(part, str):
            continue
        if "link" in part:
            found.append((part["link"], block))
        inner = str(part["block"]) if "block" in part else block
        for branch in branches(part):
            found += _links_by_block(branch, inner)
    return found


def _as_html(parts: Parts) -> Parts:
    """Return header parts as they stand in HTML."""

    def turned(part: Part) -> Part:
        if isinstance(part, str):
            return as_html(part)
        if "slot" in part:
            return part | {"as": "html"}
        if "if" in part:
            return {
                "if": [[test, _as_html(branch)] for test, branch in part["if"]],
                "else": _as_html(part["else"]),
            }
        return part

    return [turned(part) for part in parts]


def _one_line(parts: Parts) -> Parts:
    return [" ".join(part.split("\n")) if isinstance(part, str) else part for part in parts]
