"""Whether a mail's labels still belong to its links, and which link changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sincerely.apps.content.rules.links import LinkFacts


@dataclass(frozen=True, slots=True)
class LinkChange:
    """A link that nobody has reviewed: new, or another address in the place of `was_url`.

    `label_id` is the label of the address it replaces: the review keeps it unless told otherwise.
    """

    url: str
    text: str
    was_url: str = ""
    label_id: int | None = None


@dataclass(frozen=True, slots=True)
class LinkReview:
    """`state` is none (nothing to label), open (never labelled), current or stale."""

    state: str
    changes: tuple[LinkChange, ...] = ()
    removed: tuple[str, ...] = field(default=())

    @property
    def blocks_launch(self) -> bool:
        """A stale mapping would put labels on the wrong interest: it stops the launch."""
        return self.state == "stale"


def snapshot(links: Sequence[LinkFacts]) -> list[dict[str, Any]]:
    """Return what is stored when a member has reviewed the links."""
    return [
        {"url": link.url, "text": link.text, "label": link.label_id}
        for link in links
        if link.may_be_labelled
    ]


def review(
    links: Sequence[LinkFacts],
    *,
    reviewed: Sequence[Mapping[str, Any]],
    choices: Mapping[str, Mapping[str, Any]],
) -> LinkReview:
    """Compare the links with those last reviewed and with the addresses that got a label."""
    chosen = {url: choice["label"] for url, choice in choices.items() if choice.get("label")}
    present = [link for link in links if link.may_be_labelled]
    if not present:
        return LinkReview("none")
    if not reviewed and not chosen:
        return LinkReview("open")
    texts = {str(link["url"]): str(link.get("text", "")) for link in reviewed}
    known = {*texts, *chosen}
    urls = {link.url for link in present}
    gone = [url for url in (*texts, *sorted(set(chosen) - set(texts))) if url not in urls]
    fresh = [link for link in present if link.url not in known]
    labels = {str(link["url"]): link.get("label") for link in reviewed} | chosen
    decided = {url for url, choice in choices.items() if "label" in choice}
    changes = [
        change if change.url in decided else replace(change, label_id=_kept(change, texts, labels))
        for change in _paired(fresh, gone, texts)
    ]
    if not reviewed:  # labels were chosen while writing: only a lost one tells of a change
        changes = [change for change in changes if change.was_url]
    paired = {change.was_url for change in changes}
    removed = tuple(url for url in gone if url not in paired)
    return LinkReview("stale" if changes else "current", tuple(changes), removed)


def _kept(
    change: LinkChange, texts: Mapping[str, str], labels: Mapping[str, int | None]
) -> int | None:
    """Return the label that the same words had; other words in its place may be another subject."""
    known = texts.get(change.was_url, change.text)  # labelled while writing: its words are unknown
    return labels.get(change.was_url) if known == change.text else None


def _paired(
    fresh: Sequence[LinkFacts], gone: Sequence[str], texts: Mapping[str, str]
) -> list[LinkChange]:
    """Pair each new link with the lost one it replaces: same words first, else in order."""
    left = list(gone)
    was: dict[str, str] = {}
    for link in fresh:
        same = next((url for url in left if link.text and texts.get(url) == link.text), None)
        if same is not None:
            was[link.url] = same
            left.remove(same)
    for link in fresh:
        if link.url not in was and left:
            was[link.url] = left.pop(0)
    return [LinkChange(link.url, link.text, was.get(link.url, "")) for link in fresh]
