"""The invariants as statements: each selects the rows that break one; none should."""

from __future__ import annotations

TERMINAL = "('accepted', 'failed', 'unknown', 'skipped', 'refused', 'cancelled')"
KNOWN = "('planned', 'claimed', 'dialling', 'deferred', " + TERMINAL[1:]

UNKNOWN_STATE = f"SELECT id FROM sending_message WHERE state NOT IN {KNOWN} LIMIT 20"  # noqa: S608
WITHOUT_REASON = """
SELECT id FROM sending_message WHERE state IN ('skipped', 'refused') AND reason = '' LIMIT 20
"""
MAILED_TWICE = """
SELECT MIN(id) FROM sending_message WHERE state IN ('accepted', 'unknown', 'dialling')
GROUP BY mailing_id, occasion, address_key HAVING COUNT(*) > 1 LIMIT 20
"""
# The audience of a planned mailing is its rows: as many messages as contacts, whatever the state.
TALLY = """
SELECT d.mailing_id FROM sending_dispatch d
WHERE d.is_planned AND (
    SELECT COUNT(*) FROM sending_message m WHERE m.mailing_id = d.mailing_id AND m.occasion = 0
) <> (
    SELECT COUNT(DISTINCT m.contact_id) FROM sending_message m
    WHERE m.mailing_id = d.mailing_id AND m.occasion = 0
) LIMIT 20
"""
# An attempt is dated by the server's answer, and the content left before: a server may take time
# with the one, and whoever gets the mail at once may leave by it before the other is heard.
ON_ITS_WAY = {
    "sqlite": "datetime(a.at, '-60 seconds')",
    "postgresql": "a.at - interval '60 seconds'",
}
# Somebody got marketing mail without a permission that was recorded by then and not withdrawn
# before the mail can have left.
WITHOUT_PERMISSION = """
SELECT m.id FROM sending_message m
JOIN sending_dispatch d ON d.mailing_id = m.mailing_id
JOIN sending_attempt a ON a.message_id = m.id AND a.outcome = 'accepted'
WHERE d.subscription_type_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM consent_consentrecord p
    WHERE p.contact_id = m.contact_id AND p.act = 'permit'
    AND p.subscription_type_id = d.subscription_type_id AND p.recorded_at <= a.at
    AND NOT EXISTS (
        SELECT 1 FROM consent_consentrecord w
        WHERE w.contact_id = m.contact_id AND w.act = 'withdraw'
        AND (w.subscription_type_id IS NULL OR w.subscription_type_id = d.subscription_type_id)
        AND w.recorded_at > p.recorded_at AND w.recorded_at < {leaving}
    )
) LIMIT 20
"""
TO_SUPPRESSED = """
SELECT m.id FROM sending_message m
JOIN sending_attempt a ON a.message_id = m.id AND a.outcome = 'accepted'
JOIN consent_suppression s ON s.address_key = m.address_key
WHERE s.since < {leaving} AND (s.lifted_at IS NULL OR s.lifted_at > a.at) LIMIT 20
"""
ACCEPTED_UNTOLD = """
SELECT a.message_id FROM sending_attempt a
LEFT JOIN engagement_delivery d ON d.message_id = a.message_id AND d.delivered_at IS NOT NULL
WHERE a.outcome = 'accepted' AND d.id IS NULL
AND a.id <= (SELECT COALESCE(MAX(position), 0) FROM engagement_watermark WHERE reader = 'attempts')
LIMIT 20
"""
DROPPED = "SELECT position FROM engagement_watermark WHERE reader = 'dropped'"
UNFOLDED = """
SELECT COUNT(*) FROM sending_attempt
WHERE id > (SELECT COALESCE(MAX(position), 0) FROM engagement_watermark WHERE reader = 'attempts')
"""
