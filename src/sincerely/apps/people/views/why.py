"""Why did or didn't Ann get it: the answer in one sentence, then the facts behind it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sincerely.apps.consent.queries.evidence import proof_of
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.queries import contact as find_contact
from sincerely.apps.people.queries.why import (
    Finding,
    campaign_asked,
    people_meant,
    recent_campaigns,
    why,
)
from sincerely.apps.people.rules.why import Because
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

# One sentence per fact that can decide; `name` and `campaign` are filled in.
SENTENCES = {
    "accepted": _("Yes. %(name)s got “%(campaign)s”: the receiving server took it."),
    "bounced": _("No. The receiving server refused “%(campaign)s” for %(name)s."),
    "unknown": _(
        "We cannot tell. The connection broke while “%(campaign)s” was handed over, and we do not"
        " send twice."
    ),
    "cancelled": _("No. “%(campaign)s” was cancelled before it came to %(name)s."),
    "waiting": _("Not yet. “%(campaign)s” is waiting to be sent to %(name)s."),
    "deferred": _("Not yet. The receiving server asked to try “%(campaign)s” again later."),
    "no_permission": _("No. %(name)s never agreed to this kind of mail."),
    "no_evidence": _(
        "No. There is a permission, but its proof is gone or was changed, so it does not count."
    ),
    "opted_out": _("No. %(name)s opted out of this kind of mail."),
    "opted_out_all": _("No. %(name)s opted out of all marketing mail."),
    "complaint": _("No. %(name)s once marked our mail as spam."),
    "suppressed": _("No. The address of %(name)s is on the suppression list."),
    "hard_bounce": _("No. The address of %(name)s does not exist any more: mail to it bounced."),
    "same_address": _(
        "No. Another contact has the same address and got “%(campaign)s”; an address gets it once."
    ),
    "address_changed": _("No. The address of %(name)s was changed after the mail was planned."),
    "stale": _("No. %(name)s was not mailed for more than twelve months and must be asked first."),
    "capped": _("No. %(name)s had had enough mail in those days."),
    "quiet_hours": _("No. “%(campaign)s” could not wait until %(name)s's quiet hours ended."),
    "waits_capped": _(
        "Not yet. %(name)s has had enough mail lately; “%(campaign)s” may go from %(at)s on."
    ),
    "waits_quiet_hours": _(
        "Not yet. These are quiet hours for %(name)s; “%(campaign)s” may go from %(at)s on."
    ),
    "would_wait_capped": _(
        "Not at once. “%(campaign)s” has not left yet; if it left now, it would wait until %(name)s"
        " may get more mail."
    ),
    "would_wait_quiet_hours": _(
        "Not at once. “%(campaign)s” has not left yet; if it left now, it would wait until"
        " %(name)s's quiet hours end."
    ),
    "held": _("No. “%(campaign)s” was held back for %(name)s."),
    "expired": _("No. “%(campaign)s” could not be delivered in time; we tried for days."),
    "render_failed": _("No. The mail could not be made for %(name)s: a part of it is broken."),
    "inactive": _("No. %(name)s is inactive, and inactive people are left in peace."),
    "refused": _("No. The gate stopped “%(campaign)s” for %(name)s."),
    "campaign_cancelled": _("No. “%(campaign)s” was cancelled."),
    "came_later": _("No. %(name)s was stored here after “%(campaign)s” had left."),
    "joined_later": _(
        "No. %(name)s was not among the people of “%(campaign)s” when it left, but would be now."
    ),
    "not_in_audience": _("No. %(name)s is not among the people whom “%(campaign)s” was sent to."),
    "no_audience": _("Not yet. Nobody has been chosen to get “%(campaign)s”."),
    "audience_unreadable": _(
        "Not yet. The people of “%(campaign)s” cannot be told: its rule names something that is"
        " gone."
    ),
    "would_not_be_in_audience": _(
        "Not as it stands. “%(campaign)s” has not left yet, and %(name)s is not among its people."
    ),
    "would_be_refused": _(
        "Not as it stands. “%(campaign)s” has not left yet; %(name)s is among its people, but:"
    ),
    "would_get_it": _("Not yet. “%(campaign)s” has not left; %(name)s will get it as it stands."),
}
# What is said where another version wrote a reason that this one does not know.
PLAINLY = {"yes": "accepted", "no": "refused", "not_yet": "waiting", "unknown": "unknown"}
TONES = {"yes": "success", "no": "wall", "not_yet": "info", "unknown": "warning"}


@requires(Capability.VIEW)
def show(request: HttpRequest) -> HttpResponse:
    """Ask for a person and a campaign; answer when both are known."""
    text = request.GET.get("who", "").strip()[:320]
    contact, choices = _person(request.GET.get("contact", ""), text)
    campaign = campaign_asked(request.GET.get("campaign", ""))
    context: dict[str, Any] = {
        "campaigns": recent_campaigns(),
        "who": text or (contact.address if contact else ""),
        "contact": contact,
        "choices": choices,
        "campaign": campaign,
        "asked": bool(text),
    }
    if contact and campaign:
        finding = why(contact, campaign, now=clock.now(), say=gettext)
        context |= _words(finding)
    return render(request, "people/why.html", context)


def _person(given: str, text: str) -> tuple[Contact | None, list[Contact]]:
    """Return who is meant; several people to choose from where the text is not clear."""
    number = row_number(given)
    chosen = find_contact(number) if number is not None else None
    if chosen and not (text and text != chosen.address):
        return chosen, []
    found = people_meant(text) if text else []
    return (found[0], []) if len(found) == 1 else (None, found)


def sentence_of(because: Because) -> str:
    """Return the sentence of an answer, the plain one where its reason is not known here."""
    if because.code in SENTENCES:
        return str(SENTENCES[because.code])
    plain = "would_get_it" if because.code.startswith("would_") else PLAINLY[because.answer]
    return str(SENTENCES[plain])


def _words(finding: Finding) -> dict[str, Any]:
    due_at = finding.message.due_at if finding.message else clock.now()
    named = {
        "name": str(finding.contact),
        "campaign": finding.campaign.name,
        "at": date_format(localtime(due_at), "DATETIME_FORMAT"),
    }
    code = finding.because.code
    refusal = None if finding.message else SENTENCES.get(finding.refusal)
    record = finding.record
    return {
        "finding": finding,
        "sentence": sentence_of(finding.because) % named,
        "refusal": refusal % named if refusal else "",
        "besides": code != "would_be_refused",
        "tone": TONES[finding.because.answer],
        "proof": proof_of(record) if record else None,
        "subscription_type": finding.campaign.subscription_type,
    }
