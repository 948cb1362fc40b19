"""The people behind a number of a report: the address says which number was opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from sincerely.apps.campaigns.views.shared import found, frame
from sincerely.apps.engagement.models import Verdict
from sincerely.apps.labels.queries import label
from sincerely.apps.reports.queries import behind
from sincerely.apps.reports.queries.outcomes import Row, people_with
from sincerely.apps.reports.rules import deeds
from sincerely.apps.reports.rules.outcomes import OUTCOMES
from sincerely.apps.reports.views.wording import DEED_WORDS, OUTCOME_WORDS
from sincerely.apps.sending.models import SkipReason, State
from sincerely.apps.sending.queries.dispatches import OPEN_STATES
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability
from sincerely.wire.row_numbers import row_number

PAGE = 50
Answer = tuple[list[Row], str]


@requires(Capability.VIEW_REPORTS)
def recipients(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show the people behind a number of the report, page by page."""
    campaign = found(campaign_id)
    start = row_number(request.GET.get("after", "")) or 0
    name = next((name for name in ASKS if request.GET.get(name)), "outcome")
    asked = request.GET.get(name, "")
    rows, title = ASKS[name](campaign.mailing_id, asked, start)
    shown = rows[:PAGE]
    context = {
        **frame(request, campaign, "result"),
        "title": title,
        "rows": [(row, _words(row.outcome)) for row in shown],
        "outcome": asked if name == "outcome" else None,
        "outcomes": OUTCOME_WORDS,
        "asked": urlencode({name: asked}),
        "next_after": shown[-1].contact_id if len(rows) > PAGE else None,
    }
    return render(request, "reports/recipients.html", context)


def _with_outcome(mailing_id: int, outcome: str, after: int) -> Answer:
    rows = people_with(mailing_id, _known(outcome, ("", *OUTCOMES)), after=after, limit=PAGE + 1)
    return rows, str(OUTCOME_WORDS[outcome]) if outcome else _("Everybody it was sent to")


def _who_did(mailing_id: int, deed: str, after: int) -> Answer:
    rows = behind.people_who(mailing_id, _known(deed, deeds.ALL), after=after, limit=PAGE + 1)
    return rows, str(DEED_WORDS[deed])


def _left_out(mailing_id: int, reason: str, after: int) -> Answer:
    known = _known(reason, SkipReason.values)
    rows = behind.people_left_out(mailing_id, known, after=after, limit=PAGE + 1)
    return rows, str(SkipReason(reason).label)


def _held_back(mailing_id: int, reason: str, after: int) -> Answer:
    known = _known(reason, SkipReason.values)
    rows = behind.people_held_back(mailing_id, known, after=after, limit=PAGE + 1)
    return rows, _("waits:") + f" {SkipReason(reason).label}"


def _in_state(mailing_id: int, state: str, after: int) -> Answer:
    groups = {"any": (), "open": OPEN_STATES}
    titles = {"any": _("Audience"), "open": _("Not handed over yet")}
    states = groups.get(state, (state,))
    title = titles.get(state) or str(State(_known(state, State.values)).label)
    return behind.people_planned(mailing_id, states=states, after=after, limit=PAGE + 1), title


def _on_link(mailing_id: int, link: str, after: int) -> Answer:
    number, _dash, verdict = link.partition("-")
    judged = _known(verdict or Verdict.HUMAN, Verdict.values)
    rows = behind.people_on_link(
        mailing_id, _number(number), verdict=judged, after=after, limit=PAGE + 1
    )
    words = {
        "human": _("People who clicked this link"),
        "undecided": _("With undecided clicks on this link"),
        "machine": _("With clicks of machines on this link"),
    }
    return rows, words[judged]


def _on_label(mailing_id: int, label_id: str, after: int) -> Answer:
    chosen = label(_number(label_id))
    if chosen is None:
        raise Http404
    rows = behind.people_on_label(mailing_id, chosen.pk, after=after, limit=PAGE + 1)
    return rows, _("People who clicked “%(label)s”") % {"label": chosen.name}


ASKS: dict[str, Callable[[int, str, int], Answer]] = {
    "outcome": _with_outcome,
    "did": _who_did,
    "reason": _left_out,
    "waits": _held_back,
    "state": _in_state,
    "link": _on_link,
    "label": _on_label,
}


def _known(value: str, among: Sequence[str]) -> str:
    if value not in among:
        raise Http404
    return value


def _number(text: str) -> int:
    number = row_number(text)
    if number is None:
        raise Http404
    return number


def _words(word: str) -> str:
    if word in OUTCOME_WORDS:
        return str(OUTCOME_WORDS[word])
    return str(State(word).label) if word in State.values else SkipReason.words(word)
