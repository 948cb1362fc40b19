"""What stands before the API needs of it: its address and the body of an error answer.

The API itself (ninja, pydantic and 200 schemas) takes as long to import as all pages together, so
it is loaded with the first request for it, and the pages come up in half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

ROOT = "/api/v1/"
CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "server_error",
}


def body(
    status: int,
    message: str,
    fields: Mapping[str, Sequence[str]] | None = None,
    *,
    code: str = "",
) -> Any:
    """Return the body of an error answer; `fields` holds messages by the path of a field.

    `code` is that of the status, unless what is wrong has one of its own.
    """
    code = code or CODES.get(status, "error")
    return {"error": {"code": code, "message": message, "fields": dict(fields or {})}}


class ApiAddressMiddleware:
    """Gives a request below the API's address the URL root that has the API.

    What ninja answers by itself to a method that is not there gets the one shape of errors, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        if not request.path_info.startswith(ROOT):
            return self.get_response(request)
        request.urlconf = "sincerely.project.urls_with_api"  # type: ignore[attr-defined]
        response = self.get_response(request)
        if response.status_code != 405:
            return response
        allowed = ", ".join(sorted(response.get("Allow", "").split(", ")))
        said = body(405, f"This address takes {allowed}, not {request.method}.")
        return JsonResponse(said, status=405, headers={"Allow": allowed})
