"""The diagnosis page: whom to write to, who sleeps, who cannot be judged, who may not be."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.people.actions.keeping import keep_as_list, keep_as_segment
from sincerely.apps.people.models import Import
from sincerely.apps.people.queries.diagnosis import pile_counts, pile_people
from sincerely.apps.people.queries.imports import find_import
from sincerely.apps.people.rules.diagnosis import BY_KEY, GROUPS, PILES, group_counts
from sincerely.apps.people.views.wording import GROUPS as GROUP_WORDS
from sincerely.apps.people.views.wording import PILES as PILE_WORDS
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 50


def _batch(request: HttpRequest) -> Import | None:
    asked = request.GET.get("import", "") or request.POST.get("import", "")
    if not asked:
        return None
    number = row_number(asked)
    work = find_import(number) if number is not None else None
    if work is None:
        raise Http404
    return work


@requires(Capability.VIEW)
def diagnosis(request: HttpRequest) -> HttpResponse:
    """Show the piles of the whole base, or of one import (`?import=3`)."""
    batch = _batch(request)
    counts = pile_counts(now=clock.now(), import_id=batch.pk if batch else None)
    sums = group_counts(counts)
    groups = [
        {
            "key": group,
            "name": GROUP_WORDS[group][0],
            "lead": GROUP_WORDS[group][1],
            "count": sums[group],
            "piles": [
                {
                    "key": pile.key,
                    "name": PILE_WORDS[pile.key][0],
                    "advice": PILE_WORDS[pile.key][1],
                    "count": counts[pile.key],
                }
                for pile in PILES
                if pile.group == group and counts[pile.key]
            ],
        }
        for group in GROUPS
    ]
    context = {
        "batch": batch,
        "query": f"?import={batch.pk}" if batch else "",
        "groups": groups,
        "total": sum(counts.values()),
        "sums": sums,
        "next_step": _next_step(sums),
    }
    return render(request, "people/diagnosis.html", context)


def _next_step(sums: dict[str, int]) -> str:
    """Return what helps most now."""
    may = sum(sums.values()) - sums["closed"]
    if not may:
        return _(
            "Nobody here may be written to yet. Declare where they agreed (import the file again), "
            "or ask them at your next real contact."
        )
    if sums["worth"] >= sums["asleep"] + sums["between"]:
        return _("Write to those who read you: keep them as a segment and make your first mailing.")
    if sums["asleep"]:
        return _(
            "Leave the sleepers out of your ordinary mailings. Write to the engaged first, and "
            "ask the sleepers once whether they want to stay."
        )
    return _("Begin with a small mailing to people with the newest history, and watch who reads.")


@requires(Capability.VIEW)
def pile(request: HttpRequest, key: str) -> HttpResponse:
    """Show the people of one pile."""
    if key not in BY_KEY:
        raise Http404
    batch = _batch(request)
    rows = pile_people(
        key,
        now=clock.now(),
        import_id=batch.pk if batch else None,
        after=row_number(request.GET.get("after", "")) or 0,
        limit=PAGE + 1,
    )
    scope = f"import={batch.pk}&" if batch else ""
    more = f"?{scope}after={rows[PAGE - 1].contact_id}" if len(rows) > PAGE else ""
    context = {
        "key": key,
        "batch": batch,
        "name": PILE_WORDS[key][0],
        "advice": PILE_WORDS[key][1],
        "rows": rows[:PAGE],
        "next_url": more,
    }
    return render(request, "people/pile.html", context)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def keep_pile(request: HttpRequest, key: str) -> HttpResponse:
    """Keep a pile: as a segment for the whole base, as a list for an import."""
    if key not in BY_KEY:
        raise Http404
    now, actor, batch = clock.now(), actor_of(request), _batch(request)
    name = str(PILE_WORDS[key][0])
    if batch is None:
        segment = keep_as_segment(key, name=name, now=now, actor=actor)
        if segment:
            messages.success(
                request, _("The segment “%(name)s” is there.") % {"name": segment.name}
            )
            return redirect(f"/people/segments/{segment.pk}/")
    made = keep_as_list(
        key,
        name=f"{name} ({batch.file_name})" if batch else name,
        now=now,
        actor=actor,
        import_id=batch.pk if batch else None,
    )
    messages.success(request, _("The list “%(name)s” is there.") % {"name": made.name})
    return redirect(reverse("people:diagnosis") + (f"?import={batch.pk}" if batch else ""))
