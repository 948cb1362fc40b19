"""Labels and roles of links, and the review that ties them to a state of the mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.content.actions.editing import save_draft
from sincerely.apps.content.links import kept_labels, links_of, review_of
from sincerely.apps.content.models import Content
from sincerely.apps.content.rules.review import snapshot
from sincerely.apps.content.rules.wrong import Wrong
from sincerely.apps.labels.queries import label
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor


class NotLabelled(Wrong, ValueError):
    """The link is not in the mail, cannot be labelled, or the label does not exist."""


def choose_label(
    content_id: int, *, url: str, label_id: int | None, now: datetime, actor: Actor
) -> Content:
    """Give every link to this address the label (None: no label); raises NotLabelled.

    Where the links had not changed since the last review, they count as reviewed after it too.
    """
    if label_id is not None and label(label_id) is None:
        raise NotLabelled("no_label")
    with transaction.atomic():
        content = Content.objects.select_related("brand").get(pk=content_id)
        links = links_of(content)
        if not any(link.url == url and link.may_be_labelled for link in links):
            raise NotLabelled("not_labelled")
        was_stale = review_of(content, links).blocks_launch
        choices = dict(content.link_choices)
        choices[url] = {**choices.get(url, {}), "label": label_id}
        content = _save(content, choices, now=now, actor=actor)
        if not was_stale:
            _remember(content)
    return content


def review_links(content_id: int, *, now: datetime, actor: Actor) -> Content:
    """Note that a member has seen the links as they are now, with their labels.

    A link whose address changed keeps its label, unless a member chose otherwise.
    """
    with transaction.atomic():
        content = Content.objects.select_related("brand").get(pk=content_id)
        choices = dict(content.link_choices)
        for url, label_id in kept_labels(content, links_of(content)).items():
            choices[url] = {**choices.get(url, {}), "label": label_id}
        content = _save(content, choices, now=now, actor=actor)
        _remember(content)
        audit(actor, "content.links_reviewed", now=now, subject=content)
    return content


def _save(content: Content, choices: dict[str, Any], *, now: datetime, actor: Actor) -> Content:
    changes = {"link_choices": choices}
    return save_draft(
        content.pk, base_revision=content.revision, changes=changes, now=now, actor=actor
    )


def _remember(content: Content) -> None:
    """Store the present links as reviewed; labels of addresses that are gone are forgotten."""
    links = links_of(content)
    present = {link.url for link in links}
    content.reviewed_links = snapshot(links)
    content.links_revision = content.revision
    content.link_choices = {
        url: choice for url, choice in content.link_choices.items() if url in present
    }
    content.save(update_fields=["reviewed_links", "links_revision", "link_choices"])
