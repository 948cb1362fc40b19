"""Everything that decided whether one contact got one campaign, gathered for the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.audience import as_rule
from sincerely.apps.consent.models import ConsentRecord, Permission, Suppression
from sincerely.apps.consent.queries import opt_out_of, records_of
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.queries import contacts_at, find_prefix
from sincerely.apps.contacts.rules.addresses import BadAddress
from sincerely.apps.engagement.models import Delivery
from sincerely.apps.people.rules.why import Because, Facts, because
from sincerely.apps.segments.compile import WrongRule
from sincerely.apps.segments.queries import catalogue_of, moment_at, people
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.rules.evaluating import explain
from sincerely.apps.segments.rules.phrasing import phrase_of
from sincerely.apps.segments.rules.tree import children_of, is_everyone
from sincerely.apps.sending.models import Attempt, Message
from sincerely.apps.sending.queries import dispatch_of, estimate
from sincerely.apps.sending.queries.audience import held_back
from sincerely.wire.row_numbers import row_number

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class RulePart:
    """One part of the audience's rule in words, and whether it holds for this person."""

    words: str
    holds: bool
    is_exclusion: bool = False
    depth: int = 0


@dataclass(slots=True)
class Finding:
    """The answer with all that supports it."""

    contact: Contact
    campaign: Campaign
    because: Because
    message: Message | None = None
    attempt: Attempt | None = None
    delivery: Delivery | None = None
    record: ConsentRecord | None = None
    suppressions: list[Suppression] = field(default_factory=list)
    parts: list[RulePart] = field(default_factory=list)
    refusal: str = ""


def recent_campaigns(*, limit: int = 200) -> list[Campaign]:
    """Return the campaigns that one may ask about, newest first."""
    rows = Campaign.objects.filter(archived_at=None).select_related("mailing")
    return list(rows.order_by("-pk")[:limit])


def campaign_asked(text: str) -> Campaign | None:
    """Return the campaign with this id, or None."""
    number = row_number(text)
    if number is None:
        return None
    rows = Campaign.objects.select_related("mailing", "subscription_type")
    return rows.filter(pk=number).first()


def people_meant(text: str, *, limit: int = 10) -> list[Contact]:
    """Return the contacts that a typed address or name means; an exact address first."""
    try:
        exact = contacts_at(text.strip())
    except BadAddress:
        exact = []
    if exact:
        return exact
    found = Contact.objects.in_bulk(find_prefix(text, limit=limit))
    return [found[pk] for pk in sorted(found)]


def why(contact: Contact, campaign: Campaign, *, now: datetime, say: Say) -> Finding:
    """Return why this contact did, did not or will not get this campaign; `say` translates."""
    message = (
        Message.objects.filter(mailing_id=campaign.mailing_id, contact=contact)
        .order_by("-pk")
        .first()
    )
    parts, fits = _audience(contact, campaign, now=now, say=say) if not message else ([], None)
    refusal = _refusal(contact, campaign, now=now) if not message else message.reason
    dispatch = dispatch_of(campaign.mailing_id)
    facts = Facts(
        state=message.state if message else "",
        reason=message.reason if message else "",
        stage=campaign.stage,
        is_planned=bool(dispatch and dispatch.is_planned),
        has_audience=bool(campaign.audience.get("include")),
        fits_audience=fits,
        is_younger=bool(campaign.launched_at and contact.created_at > campaign.launched_at),
        would_refuse=refusal,
        would_wait="" if message else _waits(contact, campaign, now=now),
    )
    finding = Finding(
        contact=contact,
        campaign=campaign,
        because=because(facts),
        message=message,
        parts=parts,
        refusal=refusal,
    )
    _support(finding)
    return finding


def _support(finding: Finding) -> None:
    """Add the rows that a reader will want to see beside the answer."""
    contact, campaign, message = finding.contact, finding.campaign, finding.message
    if message:
        finding.attempt = Attempt.objects.filter(message=message).order_by("-pk").first()
        finding.delivery = Delivery.objects.filter(
            contact=contact, mailing_id=campaign.mailing_id
        ).first()
    finding.record = _deciding_record(contact, campaign, finding.refusal)
    if finding.refusal in {"suppressed", "complaint", "hard_bounce"}:
        key = bytes(message.address_key) if message else bytes(contact.address_key)
        rows = Suppression.objects.filter(address_key=key).order_by("-since")
        finding.suppressions = list(rows[:5])


def _deciding_record(contact: Contact, campaign: Campaign, refusal: str) -> ConsentRecord | None:
    if refusal in {"opted_out_all", "complaint"}:
        opt_out = opt_out_of(contact.pk)
        return opt_out.record if opt_out else None
    permission = Permission.objects.filter(
        contact=contact, subscription_type_id=campaign.subscription_type_id
    ).select_related("record__subscription_type", "record__wording")
    found = permission.first()
    if found:
        return found.record
    return next(iter(records_of(contact.pk, limit=1)), None) if refusal == "opted_out" else None


def _refusal(contact: Contact, campaign: Campaign, *, now: datetime) -> str:
    """Return what the gate would say now, '' for nothing against it."""
    counts = estimate(_alone(contact), subscription_type_id=campaign.subscription_type_id, now=now)
    return next((reason for reason, count in counts.items() if reason and count), "")


def _waits(contact: Contact, campaign: Campaign, *, now: datetime) -> str:
    """Return what would make the mail wait if it left now: a cap, quiet hours, or ''."""
    kind = campaign.subscription_type_id
    return next(iter(held_back(_alone(contact), subscription_type_id=kind, now=now)), "")


def _alone(contact: Contact) -> ContactQuery:
    sql = "SELECT id AS contact_id FROM contacts_contact WHERE id = %s"
    return ContactQuery(sql, (contact.pk,))


def _audience(
    contact: Contact, campaign: Campaign, *, now: datetime, say: Say
) -> tuple[list[RulePart], bool | None]:
    """Return the audience's parts in words with their verdicts, and the verdict of the whole."""
    rule = as_rule(campaign.audience)
    person = people([contact.pk]).get(contact.pk)
    if rule is None or person is None:
        return [], None
    names = catalogue_of(rule)
    try:
        told = explain(rule, person, moment=moment_at(now), catalogue=names)
    except WrongRule:
        return [], None
    parts = []
    for path, node, holds in told:
        if children_of(node) and not is_everyone(node):
            continue
        parts.append(
            RulePart(
                words=phrase_of(node, names, say),
                holds=holds,
                is_exclusion=_is_excluded(rule, path),
            )
        )
        parts.extend(_inside(node, person, now=now, say=say, names=names))
    return parts, told[0][2]


def _is_excluded(rule: dict[str, Any], path: str) -> bool:
    """Say whether a part stands under 'none': the exclusions are the audience's second child."""
    return len(rule["all"]) > 1 and path.startswith("1")


def _inside(
    node: dict[str, Any], person: Any, *, now: datetime, say: Say, names: Any
) -> list[RulePart]:
    """Open a segment one level, so that the criterion that decided can be read."""
    entry = names.segments.get(node.get("segment")) if node.get("criterion") == "segment" else None
    if entry is None:
        return []
    inner_names = catalogue_of(entry.rule)
    try:
        told = explain(dict(entry.rule), person, moment=moment_at(now), catalogue=inner_names)
    except WrongRule:
        return []
    return [
        RulePart(words=phrase_of(inner, inner_names, say), holds=holds, depth=1)
        for _path, inner, holds in told
        if not children_of(inner)
    ]
