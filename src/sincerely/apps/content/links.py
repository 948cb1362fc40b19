"""The links of a draft as its writer sees them: every unique one, its label, and the review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sincerely.apps.content.compiler import compile_draft
from sincerely.apps.content.models import Content
from sincerely.apps.content.rules.links import LinkFacts
from sincerely.apps.content.rules.review import LinkReview, review


def links_of(content: Content) -> list[LinkFacts]:
    """Return every unique link of a draft in order of appearance; raises CompileProblem."""
    return list(compile_draft(content).links)


def review_of(content: Content, links: Sequence[LinkFacts]) -> LinkReview:
    """Say whether the labels still belong to the links of a draft."""
    return review(links, reviewed=content.reviewed_links, choices=content.link_choices)


def kept_labels(content: Content, links: Sequence[LinkFacts]) -> dict[str, int]:
    """Return by address the labels that a review would carry over from the address before."""
    bare = {link.url for link in links if link.label_id is None}
    found = review_of(content, links).changes
    return {one.url: one.label_id for one in found if one.label_id and one.url in bare}


def as_reviewed(content: Content, links: Sequence[LinkFacts]) -> list[LinkFacts]:
    """Return the links with the labels that they would have after a review."""
    kept = kept_labels(content, links)
    return [replace(link, label_id=kept[link.url]) if link.url in kept else link for link in links]
