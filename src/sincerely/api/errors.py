"""One shape for every error of the API: `{"error": {"code", "message", "fields"}}`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from sincerely.api.shape import body
from sincerely.apps.content.actions.editing import EditConflict
from sincerely.apps.content.rules.wrong import Wrong
from sincerely.wire.strict_json import Unwritable

log = logging.getLogger(__name__)


def field_messages(errors: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return pydantic's errors by dotted path, without the place where ninja looked for them."""
    found: dict[str, list[str]] = {}
    for error in errors:
        where = [str(part) for part in error.get("loc", ())]
        path = ".".join(where[2:] or where[1:] or where) or "body"
        found.setdefault(path, []).append(str(error.get("msg", "")))
    return found


@dataclass(frozen=True, slots=True)
class Reply:
    """What an error is answered with."""

    status: int
    message: str
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


def _refused(error: DjangoValidationError) -> Reply:
    fields = error.message_dict if hasattr(error, "error_dict") else {}
    return Reply(422, " ".join(error.messages), fields)


def _throttled(error: Throttled) -> Reply:
    seconds = str(int(error.wait or 1) + 1)
    return Reply(
        429, "Too many requests. Wait a moment, then go on.", headers={"Retry-After": seconds}
    )


def _unauthenticated(error: AuthenticationError) -> Reply:
    return Reply(
        401, "Send an API key: Authorization: Bearer snc_….", headers={"WWW-Authenticate": "Bearer"}
    )


def _not_found(error: Exception) -> Reply:
    return Reply(404, "There is nothing here with this id.")


def _stopped(error: HttpError) -> Reply:
    """Say why the body was not read: ninja hides the reason behind a 400."""
    if isinstance(error.__cause__, Unwritable):
        return Reply(422, str(error.__cause__))
    return Reply(error.status_code, str(error))


def _out_of_range(error: Exception) -> Reply:
    log.warning("A value did not fit.", exc_info=error)
    return Reply(422, "A number or a date is out of the range that can be kept.")


def _broken(error: Exception) -> Reply:
    log.error("An API request failed.", exc_info=error)
    return Reply(500, "Something broke on our side. Nothing half-done was kept.")


REPLIES: tuple[tuple[type[Exception], Callable[[Any], Reply]], ...] = (
    (
        ValidationError,
        lambda error: Reply(422, "Some fields are not right.", field_messages(error.errors)),
    ),
    (DjangoValidationError, _refused),
    (EditConflict, lambda error: Reply(409, str(error))),
    (Wrong, lambda error: Reply(422, str(error), code=error.code)),
    (HttpError, _stopped),
    (Unwritable, lambda error: Reply(422, str(error))),
    (OverflowError, _out_of_range),
    (DataError, _out_of_range),
    (Throttled, _throttled),
    (AuthenticationError, _unauthenticated),
    (PermissionDenied, lambda error: Reply(403, str(error) or "This is not permitted.")),
    (Http404, _not_found),
    (ObjectDoesNotExist, _not_found),
    (IntegrityError, lambda error: Reply(409, "This contradicts what is stored already.")),
    (Exception, _broken),
)


def register_errors(api: NinjaAPI) -> None:
    """Make the API answer every error in the one shape."""
    for kind, reply_to in REPLIES:
        api.add_exception_handler(kind, partial(_answer, api=api, reply_to=reply_to))


def _answer(
    request: HttpRequest, error: Any, *, api: NinjaAPI, reply_to: Callable[[Any], Reply]
) -> HttpResponse:
    reply = reply_to(error)
    content = body(reply.status, reply.message, reply.fields, code=reply.code)
    response = api.create_response(request, content, status=reply.status)
    for name, value in reply.headers.items():
        response[name] = value
    return response
