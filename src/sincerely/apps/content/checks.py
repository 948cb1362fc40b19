"""Checks before sending: what stops a mail, what should be seen first, what could be better.

Walls are few (screens.md): what cannot be made, a broken block, and labels that went astray.
Everything else warns, says why, and offers a fix where a click can make one (actions/fixes.py).
No check uses the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sincerely.apps.content.compiler import CompileProblem, Draft, compile_draft
from sincerely.apps.content.links import as_reviewed, review_of
from sincerely.apps.content.models import Content, Mode
from sincerely.apps.content.queries.people import known_fields
from sincerely.apps.content.queries.relevance import irrelevance
from sincerely.apps.content.renderer import Renderer
from sincerely.apps.content.rules.compiled import walk
from sincerely.apps.content.rules.confirming import leads_to_preferences, misled_blocks
from sincerely.apps.content.rules.document import block_rules, check_document, mjml_blocks
from sincerely.apps.content.rules.fields import fields_of
from sincerely.apps.content.rules.findings import HINT, WALL, WARNING, Finding, bare_outputs
from sincerely.apps.content.rules.links import LinkFacts
from sincerely.apps.content.rules.mjml import MjmlProblem, misplaced
from sincerely.apps.content.wording import said
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.rules import check as check_rule
from sincerely.apps.segments.surroundings import catalogue_of
from sincerely.apps.team.numbers import grouped

CLIPPED_BYTES = 102 * 1024
LONGEST_SUBJECT = 60
MOST_MISPLACED = 10
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
# What mail programs take out or refuse to run; a script never even leaves (compiler.py).
_ACTIVE = re.compile(
    r"<(?P<name>script|iframe|form|input|object|embed|video|audio|applet)\b"
    r"|<[a-z][^<>]*?\s(?P<event>on[a-z]{3,})\s*=",
    re.IGNORECASE,
)
_HAS_ALT = re.compile(r"\balt\s*=", re.IGNORECASE)


def check_content(
    content: Content,
    *,
    audience: ContactQuery | None = None,
    now: datetime | None = None,
    refuses_replies: bool = False,
) -> list[Finding]:
    """Return everything worth knowing before this draft is sent, walls first.

    `audience` (with `now`) adds the relevance check; `refuses_replies` says that the reply address
    is a no-reply one. Links that are known to be fine are not asked for over the network.
    """
    found = list(_of_blocks(content))
    try:
        draft = compile_draft(content)
    except CompileProblem as problem:
        found.append(Finding("cannot_compile", WALL, said(problem), fix="edit"))
        return found
    found += _of_review(content, draft)
    found += _of_envelope(content, draft, refuses_replies=refuses_replies)
    found += _of_fields(draft)
    found += _of_links(as_reviewed(content, draft.links))
    found += _of_confirming(content, draft)
    found += _of_parts(content, draft)
    found += _of_source(content)
    if audience is not None and now is not None:
        found += _of_relevance(content, draft, audience, now=now)
    order = (WALL, WARNING, HINT)
    return sorted(found, key=lambda finding: order.index(finding.severity))


def walls_of(content: Content) -> list[Finding]:
    """Return only what stops the mail."""
    return [finding for finding in check_content(content) if finding.is_wall]


def _of_blocks(content: Content) -> Iterator[Finding]:
    if content.mode != Mode.BLOCKS:
        rules = dict(content.document.get("rules", {}))
    else:
        problems = check_document(content.document)
        for problem in problems:
            severity = WALL if problem.is_wall else WARNING
            yield Finding(problem.code, severity, _(problem.message), "edit", problem.block_id)
        if any(problem.code in ("shape", "version", "size") for problem in problems):
            return
        rules = block_rules(content.document)
    for block_id, rule in rules.items():
        for wrong in check_rule(rule, catalogue_of(rule)):
            why = _(wrong.template).format(**wrong.values)
            message = _("The rule of a block is broken: %(why)s") % {"why": why}
            yield Finding("block_rule", WALL, message, "edit", block_id)


def _of_review(content: Content, draft: Draft) -> Iterator[Finding]:
    review = review_of(content, list(draft.links))
    if review.blocks_launch:
        for change in review.changes:
            words = {"text": change.text or change.url, "url": change.url, "was": change.was_url}
            if change.was_url:
                message = _(
                    "The link “%(text)s” now leads to %(url)s (it was %(was)s): check its label."
                )
            else:
                message = _("The link “%(text)s” to %(url)s is new: check its label.")
            yield Finding("links_changed", WALL, message % words, "review_links", change.url)


def _of_envelope(content: Content, draft: Draft, *, refuses_replies: bool) -> Iterator[Finding]:
    if not content.subject.strip():
        yield Finding("subject_empty", WARNING, _("The mail has no subject."), "edit", "subject")
    elif len(content.subject) > LONGEST_SUBJECT:
        message = _("The subject is long: phones show about the first 40 to 60 characters.")
        yield Finding("subject_long", HINT, message, "edit", "subject")
    if not content.preheader.strip():
        message = _("Without a preview line the inbox shows the first words of the mail.")
        yield Finding("preheader_empty", HINT, message, "edit", "preheader")
    if not content.brand.postal_address.strip():
        message = _("The brand has no postal address; the law asks for one in every mail.")
        yield Finding("no_postal_address", WARNING, message, "brand", str(content.brand_id))
    if refuses_replies:
        message = _("The reply address tells people not to answer. Answers are worth gold.")
        yield Finding("no_reply", WARNING, message, "reply_to")
    if content.mode != Mode.BLOCKS and not _has_own_unsubscribe(draft):
        message = _("The mail had no unsubscribe link; we add one in a footer.")
        yield Finding("footer_added", HINT, message)


def _has_own_unsubscribe(draft: Draft) -> bool:
    return any(link.role == "unsubscribe" for link in draft.links)


def _of_fields(draft: Draft) -> Iterator[Finding]:
    known = known_fields()
    unknown = sorted(fields_of(draft.compiled) - known)
    for name in unknown:
        message = _("There is no field “%(name)s”: it is empty for everybody.") % {"name": name}
        yield Finding("unknown_field", WARNING, message, "edit", name)
    for name in bare_outputs(draft.compiled):
        if name not in unknown:
            message = _("“%(name)s” has no fall-back for people where it is empty.")
            yield Finding("no_fallback", WARNING, message % {"name": name}, "fallback", name)


def _of_links(links: list[LinkFacts]) -> Iterator[Finding]:
    for link in links:
        yield from _of_link(link)
    bare = [link for link in links if link.may_be_labelled and link.label_id is None]
    if bare:
        message = ngettext(
            "%(count)s link has no label, so clicks on it teach nothing.",
            "%(count)s links have no label, so clicks on them teach nothing.",
            len(bare),
        )
        yield Finding("links_unlabelled", HINT, message % {"count": grouped(len(bare))}, "links")


def _of_link(link: LinkFacts) -> Iterator[Finding]:
    words = {"text": link.text or link.url, "url": link.url}
    if link.note == "broken":
        message = _("The link “%(text)s” leads nowhere: %(url)s is no web address.") % words
        yield Finding("link_broken", WARNING, message, "edit", link.url)
    elif link.note == "empty":
        message = _("The link “%(text)s” has no address.") % words
        yield Finding("link_empty", WARNING, message, "edit", link.url)
    elif link.note == "personal":
        message = _("The link “%(text)s” is different for each person: clicks are not counted.")
        yield Finding("link_personal", HINT, message % words, "", link.url)
    elif link.url.lower().startswith("http://"):
        message = _("The link “%(text)s” is not encrypted: use https.") % words
        yield Finding("link_http", HINT, message, "https", link.url)


def _of_confirming(content: Content, draft: Draft) -> Iterator[Finding]:
    """A confirm button to the preference page: nobody could tell who pressed it."""
    blocks = misled_blocks(content.document) if content.mode == Mode.BLOCKS else []
    known = {url for _block_id, url in blocks}
    places = [block_id for block_id, _url in blocks]
    places += [
        link.url
        for link in draft.links
        if link.role == "confirm" and link.url not in known and leads_to_preferences(link.url)
    ]
    message = _(
        "The confirm button leads to the preference page, where clicks cannot be counted: you "
        "would not know who wishes to stay. Let it lead to a thank-you page."
    )
    for place in places:
        yield Finding("confirm_preferences", WALL, message, "confirm_page", place)


def _of_parts(content: Content, draft: Draft) -> Iterator[Finding]:
    if content.is_text_edited and not content.text.strip():
        message = _("The plain text part is empty; some people read only that.")
        yield Finding("no_text", WARNING, message, "regenerate_text")
    size = largest_bytes(draft)
    if size > CLIPPED_BYTES:
        message = _("The mail is %(size)s kB: Gmail cuts it off after 102 kB.")
        yield Finding("too_large", WARNING, message % {"size": grouped(size // 1024)}, "edit")
    literal = "".join(part for part in walk(draft.compiled.html) if isinstance(part, str))
    count = sum(1 for image in _IMAGE.findall(literal) if not _HAS_ALT.search(image))
    if count:
        message = ngettext(
            "%(count)s image has no description for people who cannot see it.",
            "%(count)s images have no description for people who cannot see them.",
            count,
        )
        yield Finding("no_alt", WARNING, message % {"count": grouped(count)}, "edit")


def _of_source(content: Content) -> Iterator[Finding]:
    for block_id, wrong in _misplaced(content):
        yield Finding("mjml_misplaced", WARNING, said(wrong), "edit", block_id)
    if content.mode == Mode.BLOCKS:
        return
    active = _ACTIVE.finditer(content.source)
    names = {f"<{m['name'].lower()}>" if m["name"] else m["event"].lower() for m in active}
    if names:
        message = _("Mail programs take out what can act by itself or be filled in: %(names)s.")
        words = {"names": ", ".join(sorted(names))}
        yield Finding("active_content", WARNING, message % words, "edit")


def _misplaced(content: Content) -> Iterator[tuple[str, MjmlProblem]]:
    """Return (block or '', problem) for each of the first elements in a wrong place."""
    if content.mode == Mode.MJML:
        yield from (("", wrong) for wrong in misplaced(content.source)[:MOST_MISPLACED])
    elif content.mode == Mode.BLOCKS:
        for block_id, code in mjml_blocks(content.document):
            found = misplaced(code, inside="mj-body")[:MOST_MISPLACED]
            yield from ((block_id, wrong) for wrong in found)


def largest_bytes(draft: Draft) -> int:
    """Return the size of the HTML with every block shown, in bytes."""
    rendered = Renderer(draft.compiled).render(
        {},
        link_url=None,
        open_url=None,
        unsubscribe_url="",
        preferences_url="",
        shown=frozenset(draft.compiled.blocks) or frozenset({0}),
    )
    return len(rendered.html.encode())


def _of_relevance(
    content: Content, draft: Draft, audience: ContactQuery, *, now: datetime
) -> Iterator[Finding]:
    relevance = irrelevance(content, draft.compiled, audience, now=now)
    if relevance.mismatched_count:
        message = _(
            "%(share)s %% of the people (%(count)s) have labels, but none that this mail's links "
            "carry. Leave them out, or show each block only to those who like its subject."
        )
        words = {"share": relevance.share_percent, "count": grouped(relevance.mismatched_count)}
        yield Finding("irrelevant", WARNING, message % words, "relevance")
