"""What the pet shop's campaigns say: MJML for the past ones, blocks for the draft. Pure."""

from __future__ import annotations

from typing import Any

from sincerely.apps.people.sample.customers import LABELS
from sincerely.apps.people.sample.past import PastCampaign

SHOP = "https://petshop.example"


def link_of(label: int) -> str:
    """Return the page of the shop that a label's links lead to."""
    return f"{SHOP}/{LABELS[label][0].lower()}"


def source_of(campaign: PastCampaign) -> str:
    """Return a past campaign as MJML."""
    sections = "".join(
        f'<mj-section><mj-column><mj-text font-size="18px">{LABELS[label][0]}</mj-text>'
        f"<mj-text>{LABELS[label][2]}: new in the shop, and worth a look.</mj-text>"
        f'<mj-button href="{link_of(label)}">See {LABELS[label][0]}</mj-button>'
        "</mj-column></mj-section>"
        for label in campaign.links
    )
    return (
        '<mjml><mj-body><mj-section><mj-column><mj-text font-size="24px">'
        f"{campaign.subject}</mj-text>"
        '<mj-text>Hello {{ contact.first_name | default: "there" }},</mj-text>'
        f"</mj-column></mj-section>{sections}</mj-body></mjml>"
    )


def with_links(document: dict[str, Any]) -> dict[str, Any]:
    """Return a ready-made document in which every empty address leads into the shop."""
    pages = [link_of(label) for label in range(len(LABELS))]
    found = iter(pages * 10)

    def filled(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: filled(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        return next(found) if key == "url" and value == "" else value

    whole: dict[str, Any] = filled(document)
    return whole
