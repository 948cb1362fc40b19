"""The gate: order of reasons, and the SQL reading equal to the pure one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.sending.queries.facts import FACTS, facts_parameters, reason_sql
from sincerely.apps.sending.queries.sql import rows
from sincerely.apps.sending.rules.gate import (
    ORDER,
    GateFacts,
    Send,
    Skip,
    decide,
    stale_before,
)
from tests.apps.sending import people
from tests.cast import Cast

GOOD = {"permission": True, "has_evidence": True}
facts = st.builds(
    GateFacts,
    blocks=st.integers(0, 63),
    has_complained=st.booleans(),
    opted_out_of_all=st.booleans(),
    permission=st.none() | st.booleans(),
    has_evidence=st.booleans(),
    is_stale=st.booleans(),
    is_same_address=st.booleans(),
    is_address_changed=st.booleans(),
    is_marketing=st.booleans(),
)


@given(facts)
def test_marketing_leaves_only_with_everything_in_order(f: GateFacts) -> None:
    clear = not (f.is_same_address or f.is_address_changed)
    wanted = f.permission is True and f.has_evidence and not f.is_stale
    free = f.blocks == 0 and not f.has_complained and not f.opted_out_of_all
    if f.is_marketing:
        assert (decide(f) == Send()) == (clear and wanted and free)


@given(facts)
def test_every_refusal_has_a_known_reason(f: GateFacts) -> None:
    verdict = decide(f)
    assert isinstance(verdict, Send) or verdict.reason in ORDER


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_address_changed": True}, "address_changed"),
        ({"blocks": 1}, "complaint"),
        ({"has_complained": True, "opted_out_of_all": True}, "complaint"),
        ({"opted_out_of_all": True}, "opted_out_all"),
        ({"blocks": 2 | 8}, "hard_bounce"),
        ({"blocks": 4}, "suppressed"),
        ({"permission": None}, "no_permission"),
        ({"permission": False}, "opted_out"),
        ({"has_evidence": False, "is_stale": True}, "no_evidence"),
        ({"is_stale": True}, "stale"),
        ({"is_same_address": True}, "same_address"),
    ],
)
def test_the_order_of_reasons(change: dict[str, object], reason: str) -> None:
    assert decide(GateFacts(**(GOOD | change))) == Skip(reason)  # type: ignore[arg-type]


def test_transactional_mail_asks_no_permission_but_spares_dead_addresses() -> None:
    assert decide(GateFacts(is_marketing=False, has_complained=True, blocks=1 | 4)) == Send()
    assert decide(GateFacts(is_marketing=False, blocks=3)) == Skip("hard_bounce")


def test_twelve_calendar_months() -> None:
    assert stale_before(datetime(2024, 2, 29, 8, tzinfo=UTC)) == datetime(
        2023, 2, 28, 8, tzinfo=UTC
    )


@pytest.mark.django_db
def test_sql_reads_as_the_rule(cast: Cast, now: datetime) -> None:
    """A population of every combination; both readings give the same reason for each."""
    kind = people.marketing(now)
    blocks = [(), ("complaint",), ("hard_bounce", "manual"), ("opt_out_import",), ("erased",)]
    permissions = ["in", "weak", "revoked", "corrupt", "erased", "out", "none"]
    histories = [None, now - timedelta(days=500), stale_before(now)]
    outs = [None, "", "complaint"]
    n = 0
    for block, permission, history, out in product(blocks, permissions, histories, outs):
        n += 1
        _add(n, block, permission, history, out, now, kind)
    for is_marketing in (True, False):
        reason = reason_sql(is_marketing=is_marketing)
        found = rows(
            f"WITH given AS (SELECT id FROM contacts_contact), facts AS ({FACTS})"
            " SELECT blocks, has_complained, opted_out_of_all, permission, has_evidence, is_stale,"
            f" {reason} FROM facts",
            facts_parameters(kind.pk, now),
        )
        assert len(found) == n
        for row in found:
            verdict = decide(_facts(*row[:-1], is_marketing=is_marketing))
            assert row[-1] == (verdict.reason if isinstance(verdict, Skip) else "")


def _facts(  # the columns of FACTS, as the rule reads them
    blocks: int, complained: int, left: int, permission: int | None, *rest: int, is_marketing: bool
) -> GateFacts:
    has_evidence, is_stale = rest
    return GateFacts(
        blocks=int(blocks),
        has_complained=bool(complained),
        opted_out_of_all=bool(left),
        permission=None if permission is None else bool(permission),
        has_evidence=bool(has_evidence),
        is_stale=bool(is_stale),
        is_marketing=is_marketing,
    )


def _add(n, block, permission, history, out, now, kind) -> None:  # type: ignore[no-untyped-def]
    contact = people.add_contact(f"p{n}@example.com", now=now)
    for reason in block:
        people.add_suppression(contact, reason, now=now)
    change = {
        "in": {},
        "weak": {"evidence": 0},
        "revoked": {"revoked_at": now},
        "corrupt": {"commitment": bytes(32)},
        "erased": {"salt": None, "payload": None},
        "out": {"is_in": False},
    }
    if permission != "none":
        people.add_permission(contact, kind, now=now, **change[permission])
    if history:
        people.add_history(contact, last_sent_at=history)
    if out is not None:
        people.add_opt_out(contact, now=now, cause=out)
