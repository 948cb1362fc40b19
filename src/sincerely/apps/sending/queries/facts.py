"""What the gate needs to know, as one statement for both databases, and its decision as SQL.

`FACTS` reads for a set of contacts what `rules.gate.GateFacts` holds; `REASON` is the reading of
`rules.gate.decide` as a CASE, in the same order (a property test keeps them equal). The evidence is
re-hashed here, each time, by the SQL function `commitment(salt, payload)` of the consent domain.
Last mailed counts imported history; a fresh act of the contact's own (form or link) ends staleness.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sincerely.apps.sending.queries.sql import moment
from sincerely.apps.sending.rules import gate

# Given: a relation `given(id)` of contact ids. Parameters: `facts_parameters`.
FACTS = """
SELECT g.id AS contact_id, c.address_key AS address_key, c.time_zone AS time_zone,
  COALESCE((SELECT SUM(CASE s.reason WHEN 'complaint' THEN 1 WHEN 'hard_bounce' THEN 2
      WHEN 'opt_out_import' THEN 4 WHEN 'manual' THEN 8 WHEN 'invalid' THEN 16 ELSE 32 END)
    FROM consent_suppression s
    WHERE s.address_key = c.address_key AND s.lifted_at IS NULL), 0) AS blocks,
  CASE WHEN o.contact_id IS NULL THEN 0
    WHEN o.cause = 'complaint' OR q.channel = 'complaint' THEN 1 ELSE 0 END AS has_complained,
  CASE WHEN o.contact_id IS NULL THEN 0 ELSE 1 END AS opted_out_of_all,
  CASE WHEN p.id IS NULL THEN NULL WHEN p.is_in THEN 1 ELSE 0 END AS permission,
  CASE WHEN p.evidence >= 1 AND r.contact_id = g.id AND r.act = 'permit' AND r.revoked_at IS NULL
    AND commitment(r.salt, r.payload) = r.commitment THEN 1 ELSE 0 END AS has_evidence,
  CASE WHEN p.since >= %s AND r.channel IN ('form', 'link') THEN 0
    WHEN e.last_sent_at >= %s OR e.imported_sent_at >= %s THEN 0
    WHEN e.last_sent_at < %s OR e.imported_sent_at < %s THEN 1 ELSE 0 END AS is_stale
FROM given g
JOIN contacts_contact c ON c.id = g.id
LEFT JOIN consent_optout o ON o.contact_id = g.id
LEFT JOIN consent_consentrecord q ON q.id = o.record_id
LEFT JOIN consent_permission p ON p.contact_id = g.id AND p.subscription_type_id = %s
LEFT JOIN consent_consentrecord r ON r.id = p.record_id
LEFT JOIN engagement_contactengagement e ON e.contact_id = g.id
"""

REASON_MARKETING = """CASE
  WHEN blocks & 1 <> 0 OR has_complained = 1 THEN 'complaint'
  WHEN opted_out_of_all = 1 THEN 'opted_out_all'
  WHEN blocks & 2 <> 0 THEN 'hard_bounce'
  WHEN blocks <> 0 THEN 'suppressed'
  WHEN permission IS NULL THEN 'no_permission'
  WHEN permission = 0 THEN 'opted_out'
  WHEN has_evidence = 0 THEN 'no_evidence'
  WHEN is_stale = 1 THEN 'stale'
  ELSE '' END"""

REASON_TRANSACTIONAL = """CASE
  WHEN blocks & 2 <> 0 THEN 'hard_bounce'
  WHEN blocks & 56 <> 0 THEN 'suppressed'
  ELSE '' END"""


def reason_sql(*, is_marketing: bool) -> str:
    """Return the decision as SQL over the columns of `FACTS`."""
    return REASON_MARKETING if is_marketing else REASON_TRANSACTIONAL


def facts_parameters(subscription_type_id: int | None, now: datetime) -> list[Any]:
    """Return the parameters of `FACTS`, in order."""
    return [moment(gate.stale_before(now))] * 5 + [subscription_type_id]
