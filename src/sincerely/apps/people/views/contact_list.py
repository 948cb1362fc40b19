"""The contact list: search, filters, columns, pages without end."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sincerely.apps.contacts.queries import contact_lists
from sincerely.apps.labels.queries import labels
from sincerely.apps.people.queries.contact_list import (
    LAST_ID,
    Wanted,
    rows_of,
    wanted_ids,
)
from sincerely.apps.segments.queries import segments
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 40  # each row costs about 1 ms of drawing: a page shall answer in 150
COLUMNS = {
    "labels": gettext_lazy("Labels"),
    "last_click": gettext_lazy("Last click"),
    "last_open": gettext_lazy("Last open"),
    "last_sent": gettext_lazy("Last mailed"),
    "language": gettext_lazy("Language"),
    "source": gettext_lazy("Came by"),
    "created": gettext_lazy("Stored"),
}
SHOWN_AT_FIRST = ["labels", "last_click", "created"]
STATUSES = {
    "in": gettext_lazy("may be mailed"),
    "out": gettext_lazy("opted out"),
    "unspecified": gettext_lazy("never asked"),
    "suppressed": gettext_lazy("suppressed"),
}


def wanted_of(query: Any) -> Wanted:
    """Return what the address of the page asks for; nonsense is passed over."""

    def number(name: str) -> int | None:
        return row_number(query.get(name, ""))

    status = query.get("status", "")
    return Wanted(
        text=query.get("q", "").strip()[:320],
        label_id=number("label"),
        list_id=number("list"),
        segment_id=number("segment"),
        status=status if status in STATUSES else "",
    )


def as_query(wanted: Wanted, **more: Any) -> str:
    """Return the part of the address that asks for this."""
    pairs = {
        "q": wanted.text,
        "label": wanted.label_id,
        "list": wanted.list_id,
        "segment": wanted.segment_id,
        "status": wanted.status,
        **more,
    }
    return urlencode({key: value for key, value in pairs.items() if value})


@requires(Capability.VIEW)
def contact_list(request: HttpRequest) -> HttpResponse:
    """Show a page of contacts; htmx gets the rows alone."""
    wanted = wanted_of(request.GET)
    before = request.GET.get("before", "")
    now = clock.now()
    problem = ""
    ids: list[int] = []
    try:
        ids = wanted_ids(wanted, now=now, before=row_number(before) or LAST_ID, limit=PAGE + 1)
    except WrongRule:
        problem = _("This segment cannot be read: something in its rule is gone or wrong.")
    page = ids[:PAGE]
    context = {
        "wanted": wanted,
        "rows": rows_of(page),
        "next": f"?{as_query(wanted, before=page[-1])}" if len(ids) > PAGE else "",
        "first": f"?{as_query(wanted)}" if before else "",
        "problem": problem,
        "columns": _columns(request),
        "query": as_query(wanted),
    }
    if getattr(request, "htmx", False) and not request.htmx.boosted:  # type: ignore[attr-defined]
        return render(request, "people/_contact_rows.html", {**context, **_acts(request)})
    return render(request, "people/contact_list.html", {**context, **_frame(request, wanted)})


def _acts(request: HttpRequest) -> dict[str, Any]:
    role = getattr(request.user, "role", "")
    return {
        "may_edit": may(role, Capability.EDIT_CONTACTS),
        "may_export": may(role, Capability.EXPORT),
        "all_labels": labels(),
        "all_lists": contact_lists(),
    }


def _frame(request: HttpRequest, wanted: Wanted) -> dict[str, Any]:
    found = labels(containing=wanted.text)[:5] if len(wanted.text) > 1 else []
    return {
        **_acts(request),
        "statuses": STATUSES,
        "all_segments": segments(),
        "found_labels": found,
        "all_columns": COLUMNS,
        "undo": request.session.pop("people_undo", None),
    }


def _columns(request: HttpRequest) -> list[str]:
    """Return the columns to show; a choice in the address is remembered for this member."""
    if "columns" in request.GET:
        chosen = [name for name in request.GET.getlist("columns") if name in COLUMNS]
        request.session["people_columns"] = chosen
    return list(request.session.get("people_columns", SHOWN_AT_FIRST))
