"""Pages of the labels: the catalogue with its holders, one label, merging, default rules.

They stand here and not in `labels` because they show who holds a label and how strongly.
"""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from sincerely.apps.contacts.queries import contacts_by_id
from sincerely.apps.interests.actions import CannotMerge, merge_labels
from sincerely.apps.interests.models import Route
from sincerely.apps.interests.queries import (
    Place,
    drift,
    holder_counts,
    holdings,
    label_figures,
    ordered_holders,
)
from sincerely.apps.interests.rules.drift import Move
from sincerely.apps.labels import actions
from sincerely.apps.labels.forms import LabelForm, LinkRuleForm, MergeForm
from sincerely.apps.labels.models import Label
from sincerely.apps.labels.queries import label as find_label
from sincerely.apps.labels.queries import labels as all_labels
from sincerely.apps.labels.queries import link_rules
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock

PAGE = 50
SHOWN_CHANGES = 10
SHOWN_PEOPLE = 20


def _known(label_id: int) -> Label:
    found = find_label(label_id)
    if found is None:
        raise Http404
    return found


def _place(text: str) -> Place:
    """Return where a page of holders begins; nonsense begins at the start."""
    clicks, _dash, contact_id = text.partition("-")
    if not (clicks.isdecimal() and contact_id.isdecimal()) or len(text) > 30:
        return Place()
    return Place(min(int(clicks), Place().clicks), min(int(contact_id), 2**62))


def _may_edit(request: HttpRequest) -> bool:
    return may(getattr(request.user, "role", ""), Capability.EDIT_CONTACTS)


def _moves(label_id: int) -> dict[str, int]:
    """Return how the interest of a label's people moved; an estimate is scaled up again."""
    found, one_in = drift(now=clock.now(), label_id=label_id)
    moves = found.moves.get(label_id, Counter())
    return {"is_estimated": one_in > 1} | {word.value: moves[word] * one_in for word in Move}


@requires(Capability.VIEW)
def labels(request: HttpRequest) -> HttpResponse:
    """Show the catalogue with the number of holders of each label."""
    archived = request.GET.get("archived") == "1"
    text = request.GET.get("q", "").strip()
    found = all_labels(archived=archived, containing=text)
    counts = holder_counts(one.pk for one in found)
    context = {
        "labels": [(one, counts.get(one.pk, 0)) for one in found],
        "archived": archived,
        "text": text,
        "may_edit": _may_edit(request),
    }
    return render(request, "interests/labels.html", context)


@requires(Capability.EDIT_CONTACTS)
def new_label(request: HttpRequest) -> HttpResponse:
    """Make a label."""
    form = LabelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = actions.create_label(**given, now=clock.now(), actor=actor_of(request))
        return redirect("interests:label", made.pk)
    status = 422 if form.is_bound else 200
    return render(request, "interests/label_form.html", {"form": form}, status=status)


@requires(Capability.VIEW)
def show_label(request: HttpRequest, label_id: int) -> HttpResponse:
    """Show one label: who holds it, how strongly, by which way, and its default rules."""
    found = _known(label_id)
    after = _place(request.GET.get("after", ""))
    figures = label_figures(label_id)
    rows = ordered_holders(label_id, after=after, limit=PAGE + 1, holder_count=figures.holder_count)
    page = [contact_id for contact_id, _clicks in rows[:PAGE]]
    people = contacts_by_id(page)
    held = holdings(label_id, page, now=clock.now())
    names = dict(Route.choices)
    context = {
        "label": found,
        "figures": figures,
        "routes": [(names[route], count) for route, count in sorted(figures.by_route.items())],
        "click_names": [name for name, _count in figures.by_click_count],
        "click_series": [
            {"name": _("contacts"), "values": [count for _name, count in figures.by_click_count]}
        ],
        "people": [(people[pk], held[pk]) for pk in page if pk in people],
        "next": "?after={1}-{0}".format(*rows[PAGE - 1]) if len(rows) > PAGE else "",
        "first": "?" if after.contact_id else "",
        "moves": _moves(label_id),
        "rules": link_rules(label_id=label_id),
        "rule_form": LinkRuleForm(),
        "merge_form": MergeForm(from_id=label_id),
        "may_edit": _may_edit(request) and found.merged_into_id is None,
        "may_export": may(getattr(request.user, "role", ""), Capability.EXPORT),
    }
    return render(request, "interests/label.html", context)


@requires(Capability.VIEW)
def drift_report(request: HttpRequest) -> HttpResponse:
    """Show how interests moved in the last 90 days, and whose leading interest is another now."""
    found, one_in = drift(now=clock.now())
    known = {one.pk: one for one in all_labels(archived=True)}
    newest = found.changed[:SHOWN_PEOPLE]
    people = contacts_by_id(contact_id for contact_id, _old, _new in newest)
    rows = [
        {"label": one, **{word.value: found.moves[pk][word] for word in Move}}
        for pk, one in sorted(known.items(), key=lambda item: item[1].name)
        if pk in found.moves
    ]
    context = {
        "one_in": one_in,
        "contact_count": found.contact_count,
        "changed_count": sum(found.changes.values()),
        "rows": rows,
        "changes": [
            (known[old], known[new], count)
            for (old, new), count in found.changes.most_common(SHOWN_CHANGES)
            if old in known and new in known
        ],
        "people": [
            (people[pk], known[old], known[new])
            for pk, old, new in newest
            if pk in people and old in known and new in known
        ],
    }
    return render(request, "interests/drift.html", context)


@requires(Capability.EDIT_CONTACTS)
def edit_label(request: HttpRequest, label_id: int) -> HttpResponse:
    """Rename or describe a label; what people hold stays."""
    found = _known(label_id)
    initial = {name: getattr(found, name) for name in ("name", "kind", "description", "is_public")}
    form = LabelForm(request.POST or None, initial=initial, own_id=label_id)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        actions.edit_label(label_id, **given, now=clock.now(), actor=actor_of(request))
        return redirect("interests:label", label_id)
    status = 422 if form.is_bound else 200
    context = {"form": form, "label": found}
    return render(request, "interests/label_form.html", context, status=status)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def archive_label(request: HttpRequest, label_id: int) -> HttpResponse:
    """Stop offering a label, or offer it again."""
    found = _known(label_id)
    actions.archive_label(
        label_id, archived=found.archived_at is None, now=clock.now(), actor=actor_of(request)
    )
    return redirect("interests:label", label_id)


@requires(Capability.EDIT_CONTACTS)
def merge(request: HttpRequest, label_id: int) -> HttpResponse:
    """Say what a merge would do; a POST with `confirmed` does it."""
    found = _known(label_id)
    form = MergeForm(request.POST or request.GET, from_id=label_id)
    target = find_label(form.cleaned_data["into"]) if form.is_valid() else None
    if target is None:
        messages.warning(request, _("Choose the label that stays."))
        return redirect("interests:label", label_id)
    if not request.POST.get("confirmed"):
        count = holder_counts([label_id]).get(label_id, 0)
        context = {"label": found, "target": target, "count": count}
        return render(request, "interests/merge.html", context)
    try:
        gained = merge_labels(label_id, target.pk, now=clock.now(), actor=actor_of(request))
    except CannotMerge:
        messages.warning(request, _("These two labels cannot be merged."))
        return redirect("interests:label", label_id)
    text = ngettext("%(n)s person gained it.", "%(n)s people gained it.", gained)
    messages.success(request, text % {"n": grouped(gained)})
    return redirect("interests:label", target.pk)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def add_rule(request: HttpRequest, label_id: int) -> HttpResponse:
    """Give links that fit a pattern this label by default."""
    _known(label_id)
    form = LinkRuleForm(request.POST)
    if form.is_valid():
        pattern = form.cleaned_data["pattern"]
        actions.set_link_rule(pattern, label_id=label_id, now=clock.now(), actor=actor_of(request))
    return redirect("interests:label", label_id)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def drop_rule(request: HttpRequest, label_id: int, rule_id: int) -> HttpResponse:
    """Drop a default rule."""
    actions.remove_link_rule(rule_id, now=clock.now(), actor=actor_of(request))
    return redirect("interests:label", label_id)
