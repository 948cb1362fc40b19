"""The API reference as a page of ours: the schema, drawn by the server, nothing loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it."""

    method: str
    path: str
    summary: str
    description: str
    takes: list[str] = field(default_factory=list)


@require_GET
@requires(Capability.VIEW)
def reference(request: HttpRequest) -> HttpResponse:
    """Show every operation by its group."""
    from sincerely.api.root import api  # noqa: PLC0415 -- half of the start's time, for one page

    schema: dict[str, Any] = api.get_openapi_schema()
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                tag = (methods[method].get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append(_operation(method, path, methods[method]))
    return render(request, "web/api_reference.html", {"groups": groups})


def _operation(method: str, path: str, described: dict[str, Any]) -> Operation:
    takes = [one["name"] for one in described.get("parameters", [])]
    content = described.get("requestBody", {}).get("content", {})
    takes += [str(one.get("schema", {}).get("title") or "body") for one in content.values()]
    return Operation(
        method=method.upper(),
        path=path,
        summary=described.get("summary", ""),
        description=described.get("description", ""),
        takes=takes,
    )
