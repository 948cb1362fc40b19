"""The links of a draft as its writer sees them: every unique one, its label, and the review."""

from __future__ import annotations

from sincerely.apps.content.compiler import CompileProblem, compile_draft
from sincerely.apps.content.models import Content
from sincerely.apps.content.rules.links import LinkFacts
from sincerely.apps.content.rules.review import LinkReview, review


def links_of(content: Content) -> list[LinkFacts]:
    """Return every unique link of a draft in order of appearance; raises CompileProblem."""
    return list(compile_draft(content).links)


def link_review(content: Content) -> LinkReview:
    """Say whether the labels still belong to the links; a mail that cannot be made has no links."""
    try:
        links = links_of(content)
    except CompileProblem:
        return LinkReview("none")
    return review_of(content, links)


def review_of(content: Content, links: list[LinkFacts]) -> LinkReview:
    """Say the same of links that are known already."""
    chosen = {url for url, choice in content.link_choices.items() if choice.get("label")}
    return review(links, reviewed=content.reviewed_links, chosen=chosen)
