"""The people of an audience by what the gate says of each, mostly from stored sets.

The same as `estimate` counts: who is in which set is known at once, evidence included, so that only
what has no set (a complaint, the day of the last mail) is read. Planning and the gate ask anew.
"""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from pyroaring import BitMap

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.segments.compile import within
from sincerely.apps.segments.queries import current_sets
from sincerely.apps.segments.queries.fetching import fetch_ids_of
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.sql.kept import name_of
from sincerely.apps.sending.queries.audience import busy_people, is_quiet
from sincerely.apps.sending.queries.facts import FACTS, facts_parameters, reason_sql
from sincerely.apps.sending.queries.restraint import stored
from sincerely.apps.sending.queries.sql import id_rows, id_values, moment, rows
from sincerely.apps.sending.rules import gate
from sincerely.apps.sending.rules.pressure import ALL_TYPES
from sincerely.apps.sending.rules.restraint import CAPPED, QUIET_HOURS, Restraint

Judged = dict[str, BitMap]
OF_A_TYPE = ("permitted", "withdrawn", "evidenced")
COMPLAINED = """
SELECT o.contact_id FROM consent_optout o LEFT JOIN consent_consentrecord q ON q.id = o.record_id
WHERE o.cause = 'complaint' OR q.channel = 'complaint'"""
# In two parts, so that each goes by the index on the last mail: it finds the few of many.
LONG_AGO = """
SELECT e.contact_id FROM engagement_contactengagement e
WHERE e.last_sent_at < %s AND NOT COALESCE(e.imported_sent_at >= %s, FALSE)
UNION ALL SELECT e.contact_id FROM engagement_contactengagement e
WHERE e.last_sent_at IS NULL AND e.imported_sent_at < %s"""
# An act of their own since then ends staleness.
CAME_BACK = """
SELECT p.contact_id FROM consent_permission p JOIN consent_consentrecord r ON r.id = p.record_id
WHERE p.subscription_type_id = %s AND p.since >= %s AND r.channel IN ('form', 'link')"""
PERMITTED = """
SELECT p.contact_id FROM consent_permission p
WHERE p.subscription_type_id = %s AND p.is_in = TRUE"""
SHARING = "SELECT c.id FROM contacts_contact c WHERE c.share_number > 0"


def judged(people: BitMap, *, subscription_type_id: int | None, now: datetime) -> Judged:
    """Return these people by the gate's reason for marketing mail; under '' who will get it."""
    found = _by_sets(people, subscription_type_id, now)
    if found is None:
        found = by_statement(people, subscription_type_id, now)
    return _one_to_an_address(found)


def by_statement(people: BitMap, subscription_type_id: int | None, now: datetime) -> Judged:
    """Return these people by the gate's reason, each judged by the gate's own statement."""
    if not people:
        return {}
    sql = f"""
WITH given AS (SELECT id FROM ({id_rows()}) ids), facts AS ({FACTS})
SELECT contact_id, {reason_sql(is_marketing=True)} FROM facts"""
    found: dict[str, list[int]] = defaultdict(list)
    parameters = [id_values(people), *facts_parameters(subscription_type_id, now)]
    for contact_id, reason in rows(sql, parameters):
        found[reason].append(contact_id)
    return {reason: BitMap(ids) for reason, ids in found.items()}


def _by_sets(people: BitMap, kind: int | None, now: datetime) -> Judged | None:
    """Return the same from stored sets; None where they are not ready."""
    of_type = [name_of(name, kind) for name in OF_A_TYPE] if kind else []
    sets = current_sets(["opted_out", "suppressed", *of_type])
    if sets is None:
        return None
    permitted, withdrawn, evidenced = [sets[name] for name in of_type] or [BitMap()] * 3
    found = by_statement(people & sets["suppressed"], kind, now)
    rest = people - sets["suppressed"]
    gone = rest & sets["opted_out"]
    complained = gone & fetch_ids_of(ContactQuery(COMPLAINED)) if gone else BitMap()
    rest -= gone
    may = rest & permitted
    proven = may & evidenced
    stale = _stale(proven, kind or 0, now)
    by_reason = {
        "complaint": complained,
        "opted_out_all": gone - complained,
        "no_permission": rest - permitted - withdrawn,
        "opted_out": rest & withdrawn,
        "no_evidence": may - proven,
        "stale": stale,
        "": proven - stale,
    }
    return {
        reason: found.get(reason, BitMap()) | by_reason.get(reason, BitMap())
        for reason in found.keys() | by_reason.keys()
    }


def _stale(people: BitMap, kind: int, now: datetime) -> BitMap:
    since = moment(gate.stale_before(now))
    stale = people & fetch_ids_of(ContactQuery(LONG_AGO, (since,) * 3)) if people else people
    if not stale:
        return stale
    inside, ids = within("p.contact_id", stale.to_array())
    return stale - fetch_ids_of(ContactQuery(f"{CAME_BACK} AND {inside}", (kind, since, *ids)))


def _one_to_an_address(found: Judged) -> Judged:
    """Let of several who share an address the first get it."""
    mailable = found.get("", BitMap())
    sets = current_sets(["sharing"])
    sharing = fetch_ids_of(ContactQuery(SHARING)) if sets is None else sets["sharing"]
    if not sharing or not mailable:
        return found
    inside, ids = within("s.id", sharing.to_array())
    sql = f"""SELECT c.address_key, c.id FROM contacts_contact c WHERE c.address_key IN
(SELECT s.address_key FROM contacts_contact s WHERE {inside}) ORDER BY c.id"""
    first: dict[bytes, int] = {}
    others = BitMap()
    for key, contact_id in rows(sql, ids):
        if contact_id in mailable and first.setdefault(bytes(key), contact_id) != contact_id:
            others.add(contact_id)
    return found | {"": mailable - others, "same_address": others}


def permitted_by_type() -> dict[int, BitMap]:
    """Return who permits each subscription type."""
    kinds = list(SubscriptionType.objects.values_list("pk", flat=True))
    sets = current_sets([name_of("permitted", kind) for kind in kinds])
    if sets is not None:
        return {kind: sets[name_of("permitted", kind)] for kind in kinds}
    return {kind: fetch_ids_of(ContactQuery(PERMITTED, (kind,))) for kind in kinds}


def is_restrained() -> bool:
    """Say whether there are a cap or quiet hours at all."""
    return stored() is not None


def would_wait(mailable: BitMap, *, subscription_type_id: int | None, now: datetime) -> Judged:
    """Return who of these would have to wait if it left now, by reason."""
    restraint = stored()
    if restraint is None or not mailable:
        return {}
    limits = restraint.limits_for(subscription_type_id or ALL_TYPES)
    busy = mailable & fetch_ids_of(busy_people(limits, now))
    waiting = {CAPPED: busy, QUIET_HOURS: (mailable - busy) & _asleep(restraint, now)}
    return {reason: people for reason, people in waiting.items() if people}


def _asleep(restraint: Restraint, now: datetime) -> BitMap:
    """Return for whom it is a quiet hour."""
    if restraint.quiet is None:
        return BitMap()
    zones = [row[0] for row in rows("SELECT DISTINCT c.time_zone FROM contacts_contact c", [])]
    quiet = [zone for zone in zones if is_quiet(restraint, zone, now)]
    marks = ", ".join(["%s"] * len(quiet)) or "NULL"
    sql = f"SELECT c.id FROM contacts_contact c WHERE c.time_zone IN ({marks})"
    return fetch_ids_of(ContactQuery(sql, tuple(quiet)))
