"""Drafts, their links, checks and previews by JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError

from sincerely.apps.content.actions import create_content
from sincerely.apps.content.actions import links as link_actions
from sincerely.apps.content.actions.editing import DraftClosed, EditConflict, save_draft
from sincerely.apps.content.checks import check_content
from sincerely.apps.content.links import links_of, review_of
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import content_of, contents
from sincerely.apps.content.queries.editing import brand_for
from sincerely.apps.content.queries.preview import Viewer, preview
from sincerely.apps.content.rules.document import BadDocument
from sincerely.apps.content.schemas.contents import (
    ContentChanges,
    ContentIn,
    ContentOut,
    ContentPage,
    ContentRow,
    FindingOut,
    LinkChangeOut,
    LinkLabelIn,
    LinkOut,
    LinksOut,
    PreviewOut,
)
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["content"])
VIEW, EDIT = Scope(Capability.VIEW), Scope(Capability.EDIT_CONTENT)


@router.get("/", auth=VIEW, response=ContentPage, summary="Drafts")
def list_contents(request: HttpRequest, *, after: int = 0, limit: int = 100) -> ContentPage:
    """Return drafts in order of id."""
    limit = max(1, min(limit, 500))
    rows = contents(after=after, limit=limit + 1)
    items = [ContentRow.from_orm(row) for row in rows[:limit]]
    return ContentPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.post("/", auth=EDIT, response={201: ContentOut}, summary="Make a draft")
def create(request: HttpRequest, *, given: ContentIn) -> Status[ContentOut]:
    """Store a draft."""
    if brand_for(given.brand_id) is None:
        raise HttpError(422, "There is no such brand.")
    try:
        row = create_content(**given.dict(), now=clock.now(), actor=actor_of(request))
    except BadDocument as problem:
        raise HttpError(422, str(problem)) from problem
    return Status(201, ContentOut.from_orm(row))


@router.get("/{int:content_id}", auth=VIEW, response=ContentOut, summary="A draft")
def read(request: HttpRequest, *, content_id: int) -> ContentOut:
    """Return a draft with what it says."""
    return ContentOut.from_orm(_known(content_id))


@router.patch("/{int:content_id}", auth=EDIT, response=ContentOut, summary="Change a draft")
def change(request: HttpRequest, *, content_id: int, given: ContentChanges) -> ContentOut:
    """Store changes; 409 where somebody else has saved since the revision they started from."""
    _known(content_id)
    changes: dict[str, Any] = given.dict(exclude_unset=True, exclude={"revision"})
    if "text" in changes:
        changes["is_text_edited"] = changes["text"] is not None
        changes["text"] = changes["text"] or ""
    changes = {name: value for name, value in changes.items() if value is not None}
    try:
        row = save_draft(
            content_id,
            base_revision=given.revision,
            changes=changes,
            now=clock.now(),
            actor=actor_of(request),
        )
    except DraftClosed:
        raise
    except EditConflict as conflict:
        detail = f"The draft is at revision {conflict.content.revision}."
        raise HttpError(409, detail) from conflict
    except BadDocument as problem:
        raise HttpError(422, str(problem)) from problem
    return ContentOut.from_orm(row)


@router.get("/{int:content_id}/links", auth=VIEW, response=LinksOut, summary="Links of a draft")
def list_links(request: HttpRequest, *, content_id: int) -> LinksOut:
    """Return every unique link with its label, and the state of the review."""
    return _links(_known(content_id))


@router.put("/{int:content_id}/links", auth=EDIT, response=LinksOut, summary="Label a link")
def label_link(request: HttpRequest, *, content_id: int, given: LinkLabelIn) -> LinksOut:
    """Give every link to an address a label."""
    _known(content_id)
    link_actions.choose_label(
        content_id,
        url=given.url,
        label_id=given.label_id,
        now=clock.now(),
        actor=actor_of(request),
    )
    return _links(_known(content_id))


@router.post(
    "/{int:content_id}/links/review", auth=EDIT, response=LinksOut, summary="Review the links"
)
def review_links(request: HttpRequest, *, content_id: int) -> LinksOut:
    """Note that the links have been looked at as they are now."""
    _links(_known(content_id))  # 422 where the mail cannot be made
    link_actions.review_links(content_id, now=clock.now(), actor=actor_of(request))
    return _links(_known(content_id))


@router.get(
    "/{int:content_id}/checks", auth=VIEW, response=list[FindingOut], summary="Checks of a draft"
)
def list_checks(request: HttpRequest, *, content_id: int) -> list[FindingOut]:
    """Return what the checks found, walls first."""
    return [FindingOut.from_orm(found) for found in check_content(_known(content_id))]


@router.get(
    "/{int:content_id}/preview", auth=VIEW, response=PreviewOut, summary="A draft as somebody"
)
def show_preview(request: HttpRequest, *, content_id: int, viewer: str = "") -> PreviewOut:
    """Return the draft as a contact (`12`), a persona (`label-3`), `nobody`, or '' (all blocks)."""
    seen = preview(_known(content_id), Viewer.read(viewer), now=clock.now())
    return PreviewOut(
        subject=seen.rendered.subject,
        preheader=seen.rendered.preheader,
        html=seen.rendered.html,
        text=seen.rendered.text,
        shown=[block.block_id for block in seen.blocks if block.is_shown],
        missing=list(seen.missing),
    )


def _links(content: Content) -> LinksOut:
    found = links_of(content)
    review = review_of(content, found)
    return LinksOut(
        items=[LinkOut.from_orm(link) for link in found],
        review=review.state,
        changes=[LinkChangeOut.from_orm(change) for change in review.changes],
    )


def _known(content_id: int) -> Content:
    content = content_of(content_id)
    if content is None:
        raise HttpError(404, "There is no such draft.")
    return content
