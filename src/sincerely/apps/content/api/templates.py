"""Templates, saved blocks and images by JSON."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import File, Form, Router, Status, UploadedFile
from ninja.errors import HttpError

from sincerely.apps.content.actions import editing as actions
from sincerely.apps.content.actions import images as image_actions
from sincerely.apps.content.models import Image
from sincerely.apps.content.queries import editing as queries
from sincerely.apps.content.queries import images as image_queries
from sincerely.apps.content.schemas.contents import ContentOut
from sincerely.apps.content.schemas.templates import (
    DraftFromTemplateIn,
    ImageOut,
    ImagePage,
    SavedBlockList,
    SavedBlockOut,
    TemplateIn,
    TemplateList,
    TemplateOut,
)
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["content"])
VIEW, EDIT = Scope(Capability.VIEW), Scope(Capability.EDIT_CONTENT)


@router.get("/templates", auth=VIEW, response=TemplateList, summary="Templates")
def list_templates(request: HttpRequest, *, language: str = "en") -> TemplateList:
    """Return own templates and the ready-made designs."""
    rows = [TemplateOut.from_orm(card) for card in queries.gallery(language)]
    return TemplateList(items=rows)


@router.post("/templates", auth=EDIT, response={201: TemplateOut}, summary="Keep a template")
def keep_template(request: HttpRequest, *, given: TemplateIn) -> Status[TemplateOut]:
    """Keep a draft's design as a template."""
    if queries.draft(given.content_id) is None:
        raise HttpError(404, "There is no such draft.")
    row = actions.save_as_template(**given.dict(), now=clock.now(), actor=actor_of(request))
    made = TemplateOut(
        key=str(row.pk),
        name=row.name,
        description=row.description,
        subject=row.subject,
        is_ready_made=False,
        mode=row.mode,
    )
    return Status(201, made)


@router.post(
    "/templates/{key}/drafts",
    auth=EDIT,
    response={201: ContentOut},
    summary="Make a draft from a template",
)
def use_template(
    request: HttpRequest, *, key: str, given: DraftFromTemplateIn
) -> Status[ContentOut]:
    """Store a new draft made from a design."""
    if queries.brand_for(given.brand_id) is None:
        raise HttpError(422, "There is no such brand.")
    try:
        row = actions.create_from_template(
            key, **given.dict(), now=clock.now(), actor=actor_of(request)
        )
    except actions.UnknownDesign as problem:
        raise HttpError(404, "There is no such template.") from problem
    return Status(201, ContentOut.from_orm(row))


@router.post(
    "/templates/{int:template_id}/archive", auth=EDIT, response={204: None}, summary="Put away"
)
def archive_template(request: HttpRequest, *, template_id: int) -> Status[None]:
    """Take a template out of the gallery."""
    if queries.template(template_id) is None:
        raise HttpError(404, "There is no such template.")
    actions.archive_template(template_id, now=clock.now(), actor=actor_of(request))
    return Status(204, None)


@router.get("/blocks", auth=VIEW, response=SavedBlockList, summary="Saved blocks")
def list_blocks(request: HttpRequest) -> SavedBlockList:
    """Return the saved blocks by name."""
    return SavedBlockList(items=[SavedBlockOut.from_orm(row) for row in queries.saved_blocks()])


@router.get("/images", auth=VIEW, response=ImagePage, summary="Images")
def list_images(request: HttpRequest, *, before: int | None = None, limit: int = 48) -> ImagePage:
    """Return pictures, newest first, below the id `before`."""
    limit = max(1, min(limit, 500))
    rows = image_queries.library(before=before, limit=limit + 1)
    items = [_image(row) for row in rows[:limit]]
    return ImagePage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.post("/images", auth=EDIT, response={201: ImageOut}, summary="Take in an image")
def upload_image(
    request: HttpRequest, *, image: File[UploadedFile], alt: Form[str] = ""
) -> Status[ImageOut]:
    """Store a picture, scaled and freed of metadata; the same picture again is the same row."""
    if (image.size or 0) > image_actions.MOST_BYTES:
        raise HttpError(422, "This picture is larger than 10 MB.")
    try:
        row = image_actions.store_image(
            image.read(),
            name=image.name or "image",
            alt=alt,
            now=clock.now(),
            actor=actor_of(request),
        )
    except image_actions.BadImage as problem:
        raise HttpError(422, str(problem)) from problem
    return Status(201, _image(row))


def _image(row: Image) -> ImageOut:
    return ImageOut(
        id=row.pk,
        name=row.name,
        alt=row.alt,
        src=image_queries.path_of(row),
        media_type=row.media_type,
        width=row.width,
        height=row.height,
        created_at=row.created_at,
    )
