"""The JSON API of the label catalogue; giving and taking labels is under /interests/."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError

from sincerely.apps.labels import actions, queries
from sincerely.apps.labels.rules import BadName
from sincerely.apps.labels.schemas import LabelIn, LabelOut, LabelPage
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["labels"])
VIEW, EDIT = Scope(Capability.VIEW), Scope(Capability.EDIT_CONTACTS)
PROBLEMS = {
    "taken": (409, "There is a label with this name already."),
    "comma": (422, "A label's name cannot hold a comma."),
    "empty": (422, "A label needs a name."),
    "long": (422, "A label's name has at most 80 characters."),
    "unprintable": (422, "A label's name holds a character that cannot be shown."),
}


def _refused(problem: BadName) -> HttpError:
    return HttpError(*PROBLEMS[problem.code])


@router.get("/", auth=VIEW, response=LabelPage, summary="Labels")
def list_labels(request: HttpRequest, *, archived: bool = False) -> LabelPage:
    """Return the labels, archived ones when asked for."""
    return LabelPage(items=[LabelOut.from_orm(row) for row in queries.labels(archived=archived)])


@router.post("/", auth=EDIT, response={201: LabelOut}, summary="Make a label")
def create_label(request: HttpRequest, *, given: LabelIn) -> Status[LabelOut]:
    """Store a label."""
    try:
        row = actions.create_label(**given.dict(), now=clock.now(), actor=actor_of(request))
    except BadName as problem:
        raise _refused(problem) from problem
    return Status(201, LabelOut.from_orm(row))


@router.put("/{label_id}", auth=EDIT, response=LabelOut, summary="Rename or describe a label")
def edit_label(request: HttpRequest, *, label_id: int, given: LabelIn) -> LabelOut:
    """Change a label; assignments and clicks stay with it."""
    _known(label_id)
    try:
        row = actions.edit_label(label_id, **given.dict(), now=clock.now(), actor=actor_of(request))
    except BadName as problem:
        raise _refused(problem) from problem
    return LabelOut.from_orm(row)


@router.post("/{label_id}/archive", auth=EDIT, response=LabelOut, summary="Put a label away")
def archive_label(request: HttpRequest, *, label_id: int, archived: bool = True) -> LabelOut:
    """Stop offering a label, or (`archived=false`) offer it again."""
    _known(label_id)
    row = actions.archive_label(
        label_id, archived=archived, now=clock.now(), actor=actor_of(request)
    )
    return LabelOut.from_orm(row)


def _known(label_id: int) -> None:
    if queries.label(label_id) is None:
        raise HttpError(404, "There is no label with this id.")
