"""What can be done with many contacts at once: a preview first, and an undo afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from sincerely.apps.contacts.actions import add_to_list, undo_add
from sincerely.apps.contacts.queries import contact_list
from sincerely.apps.interests.actions import assign_many, undo_many
from sincerely.apps.interests.queries import bulk_preview
from sincerely.apps.labels.queries import label
from sincerely.apps.people.queries.contact_list import wanted_ids
from sincerely.apps.people.views.contact_list import wanted_of
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.rules import Capability
from sincerely.apps.team.typed import asked_for, is_number
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number, row_numbers

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done, with what, for whom."""

    act: str
    target_id: int
    target: str
    ids: list[int]


def _wish(request: HttpRequest) -> Wish | None:
    act = request.POST.get("act", "")
    chosen = row_number(request.POST.get("list_id" if act == "list" else "label_id", ""))
    if act not in {"give", "take", "list"} or chosen is None:
        return None
    found = contact_list(chosen) if act == "list" else label(chosen)
    ids = _chosen(request)
    return Wish(act, found.pk, found.name, ids) if found and ids else None


def _chosen(request: HttpRequest) -> list[int]:
    """Return the ids that were ticked, or of everybody who fits the page's filters."""
    if request.POST.get("everybody"):
        try:
            wanted = wanted_of(QueryDict(request.POST.get("query", "")))
            return wanted_ids(wanted, now=clock.now(), limit=MOST)
        except WrongRule:
            return []
    given = (number for raw in request.POST.getlist("chosen") for number in raw.split(","))
    return row_numbers(given)[:MOST]


def _back(request: HttpRequest) -> str:
    return f"{reverse('people:list')}?{QueryDict(request.POST.get('query', '')).urlencode()}"


@requires(Capability.EDIT_CONTACTS)
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Show what would change; with `confirmed`, change it and offer the undo."""
    wish = _wish(request)
    if wish is None:
        messages.warning(request, _("Choose people first, and a label or a list."))
        return redirect(_back(request))
    word = asked_for(len(wish.ids))
    if not request.POST.get("confirmed"):
        return _preview(request, wish, word)
    if word and not is_number(request.POST.get("typed", ""), len(wish.ids)):
        return _preview(request, wish, word, wrong="1")
    now = clock.now()
    changed = _do(wish, request, now)
    text = ngettext("%(n)s person changed.", "%(n)s people changed.", changed) % {
        "n": grouped(changed)
    }
    if changed:
        request.session["people_undo"] = {
            "act": wish.act,
            "target_id": wish.target_id,
            "at": now.isoformat(),
            "text": text,
        }
    else:
        messages.info(request, _("Nobody had to be changed."))
    return redirect(_back(request))


def _preview(request: HttpRequest, wish: Wish, word: str, *, wrong: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "wish": wish,
        "word": word,
        "typed": request.POST.get("typed", ""),
        "wrong": wrong,
        "ids": ",".join(str(i) for i in wish.ids),
        "query": request.POST.get("query", ""),
        "back": _back(request),
        "most": MOST if len(wish.ids) == MOST else 0,
    }
    if wish.act != "list":
        context["counts"] = bulk_preview(wish.ids, wish.target_id, give=wish.act == "give")
    return render(request, "people/bulk_preview.html", context, status=422 if wrong else 200)


def _do(wish: Wish, request: HttpRequest, now: datetime) -> int:
    actor = actor_of(request)
    if wish.act == "list":
        return len(add_to_list(wish.target_id, wish.ids, now=now, actor=actor))
    give = wish.act == "give"
    return len(assign_many(wish.ids, wish.target_id, give=give, now=now, actor=actor))


@requires(Capability.EDIT_CONTACTS)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take the last bulk change back."""
    target = request.POST.get("target_id") or request.GET.get("target_id", "")
    at = request.GET.get("at", "")
    try:
        acted_at, target_id = datetime.fromisoformat(at), int(target)
    except ValueError:
        messages.warning(request, _("There is nothing to take back."))
        return redirect("people:list")
    take_back = undo_add if request.GET.get("act") == "list" else undo_many
    count = take_back(target_id, acted_at=acted_at, now=clock.now(), actor=actor_of(request))
    text = ngettext("Taken back for %(n)s person.", "Taken back for %(n)s people.", count)
    messages.success(request, text % {"n": grouped(count)})
    return redirect("people:list")
