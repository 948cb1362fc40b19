"""Consent records on the real tables: evidence, permission, suppression, many at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from sincerely.apps.consent import actions, queries
from sincerely.apps.consent.models import ConsentRecord, OptOut, Permission, Suppression
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.contacts.models import Contact
from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import PROGRAM
from tests.cast import Cast


def person(cast: Cast, now: datetime, address: str = "ann@example.com") -> Contact:
    return create_contact(address, now=now, actor=cast.actor)


def let_in(contact: Contact, cast: Cast, now: datetime, **changes: object) -> ConsentRecord:
    kind = actions.default_subscription_type(now)
    given: dict[str, object] = {
        "subscription_type_id": kind.pk,
        "channel": "form",
        "evidence": 1,
        "proof": Proof(address=contact.address, ip="192.0.2.1", document="card 7"),
        "now": now,
        "actor": cast.actor,
    }
    return actions.permit(contact.pk, **{**given, **changes})  # type: ignore[arg-type]


def test_permit_stores_evidence_that_sql_can_verify(cast: Cast, now: datetime) -> None:
    contact = person(cast, now)
    record = let_in(contact, cast, now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM consent_consentrecord"
            " WHERE commitment(salt, payload) = commitment"
        )
        assert cursor.fetchone()[0] == 1
    permission = Permission.objects.get(contact=contact)
    assert (permission.is_in, permission.evidence, permission.record_id) == (True, 1, record.pk)
    assert AuditEntry.objects.filter(act="consent permit").count() == 1


def test_withdrawing_twice_is_withdrawing_once(cast: Cast, now: datetime) -> None:
    contact = person(cast, now)
    record = let_in(contact, cast, now)
    kind = record.subscription_type_id
    later = now + timedelta(hours=1)
    first = actions.withdraw(contact.pk, subscription_type_id=kind, channel="link", now=later)
    second = actions.withdraw(contact.pk, subscription_type_id=kind, channel="link", now=later)
    assert first is not None
    assert second is None
    assert not Permission.objects.get(contact=contact).is_in


def test_permission_equals_the_fold_whatever_the_order_of_acts(cast: Cast, now: datetime) -> None:
    contact = person(cast, now)
    record = let_in(contact, cast, now)
    actions.withdraw(
        contact.pk, subscription_type_id=None, channel="link", now=now + timedelta(days=1)
    )
    assert OptOut.objects.get(contact=contact).cause == "link"
    let_in(contact, cast, now + timedelta(days=2), channel="import")
    assert OptOut.objects.filter(contact=contact).exists()
    newest = let_in(contact, cast, now + timedelta(days=3), channel="link", evidence=2)
    assert not OptOut.objects.filter(contact=contact).exists()
    assert Permission.objects.get(contact=contact).record_id == newest.pk
    assert newest.refers_to_id is not None
    assert newest.refers_to_id != record.pk


@pytest.mark.requirement("R003")
def test_complaint_withdraws_everything_at_once(cast: Cast, now: datetime) -> None:
    contact = person(cast, now)
    let_in(contact, cast, now)
    actions.complain(contact.pk, now=now + timedelta(minutes=1))
    standing = queries.standing_of(contact.pk, address_key=bytes(contact.address_key))
    assert not standing.is_mailable
    assert standing.opt_out is not None
    assert standing.opt_out.cause == "complaint"
    assert [s.reason for s in standing.suppressions] == ["complaint"]
    assert actions.complain(contact.pk, now=now + timedelta(minutes=2)) is None


def test_contact_without_declared_permission_is_stored_but_not_mailable(
    cast: Cast, now: datetime
) -> None:
    contact = person(cast, now)
    standing = queries.standing_of(contact.pk, address_key=bytes(contact.address_key))
    assert not standing.is_mailable
    assert [t.state for t in standing.types] == ["unspecified"]


def test_erased_evidence_leaves_the_commitment_and_closes_the_gate(
    cast: Cast, now: datetime
) -> None:
    contact = person(cast, now)
    record = let_in(contact, cast, now)
    actions.forget_evidence(contact.pk)
    erased = ConsentRecord.objects.get(pk=record.pk)
    assert erased.salt is None
    assert erased.payload is None
    assert bytes(erased.commitment) == bytes(record.commitment)
    standing = queries.standing_of(contact.pk, address_key=bytes(contact.address_key))
    assert not standing.is_mailable


def test_suppression_is_once_per_reason_and_can_be_lifted_with_a_note(
    cast: Cast, now: datetime
) -> None:
    key = b"0" * 16
    row = actions.suppress(key, reason="hard_bounce", now=now)
    again = actions.suppress(key, reason="hard_bounce", now=now)
    assert row.pk == again.pk
    lifted = actions.lift_suppression(row.pk, note="typo at their side", now=now, actor=cast.actor)
    assert lifted is not None
    assert queries.active_suppressions(key) == []
    assert actions.lift_suppression(row.pk, note="again", now=now, actor=cast.actor) is None
    assert actions.suppress(key, reason="hard_bounce", now=now).pk != row.pk
    assert Suppression.objects.count() == 2


def test_many_permits_equal_single_ones_and_bring_nobody_back(cast: Cast, now: datetime) -> None:
    kind = actions.default_subscription_type(now)
    contacts = [person(cast, now, f"p{i}@example.com") for i in range(6)]
    let_in(contacts[1], cast, now - timedelta(days=9), evidence=2)
    actions.withdraw(
        contacts[2].pk, subscription_type_id=kind.pk, channel="link", now=now - timedelta(days=1)
    )
    actions.withdraw(
        contacts[3].pk, subscription_type_id=None, channel="link", now=now - timedelta(days=1)
    )
    bulk = [
        actions.BulkPermit(c.pk, Proof(address=c.address, document="list of 2019"), at=now)
        for c in contacts
    ]
    stay_out = actions.permit_many(
        [*bulk, bulk[0]],
        subscription_type_id=kind.pk,
        channel="import",
        evidence=1,
        now=now,
        actor=PROGRAM,
        import_id=5,
    )
    assert stay_out == {contacts[2].pk, contacts[3].pk}
    columns = ("contact_id", "is_in", "evidence", "record_id", "since")
    by_set = list(Permission.objects.order_by("contact_id").values_list(*columns))
    assert [row[1] for row in by_set] == [True, True, False, False, True, True]
    for contact in contacts:
        actions.refold(contact.pk)
    by_fold = list(Permission.objects.order_by("contact_id").values_list(*columns))
    assert by_fold == by_set


def test_revoked_permits_of_an_import_no_longer_count(cast: Cast, now: datetime) -> None:
    contact = person(cast, now)
    record = let_in(contact, cast, now, channel="import", import_id=3)
    assert actions.revoke([record.pk], now=now, actor=cast.actor) == [contact.pk]
    assert not Permission.objects.filter(contact=contact).exists()


def test_evidence_lines_have_no_gaps(cast: Cast, now: datetime) -> None:
    first, second = person(cast, now), person(cast, now, "bea@example.com")
    let_in(first, cast, now)
    kind = actions.default_subscription_type(now)
    lines = list(queries.evidence_lines([first.pk, second.pk], subscription_type_id=kind.pk))
    assert [line.contact_id for line in lines] == [first.pk, second.pk]
    assert (lines[0].state, lines[0].document, lines[0].ip) == ("in", "card 7", "192.0.2.1")
    assert lines[0].is_verifiable
    assert lines[1].state == "unspecified"


def test_default_type_is_there_and_cannot_be_deleted(cast: Cast, now: datetime) -> None:
    kind = actions.default_subscription_type(now)
    assert kind.name == "Marketing Information"
    with pytest.raises(actions.TypeInUse):
        actions.delete_type(kind.pk, now=now, actor=cast.actor)
    other = actions.create_type(
        "Offers", description="", promised_per_month=2, now=now, actor=cast.actor
    )
    actions.delete_type(other.pk, now=now, actor=cast.actor)
    assert [t.name for t in queries.subscription_types()] == ["Marketing Information"]


@pytest.mark.requirement("R005")
def test_opt_out_per_type_and_of_all_with_causes_in_order(cast: Cast, now: datetime) -> None:
    contact = person(cast, now)
    first = actions.default_subscription_type(now)
    other = actions.create_type(
        "Offers", description="", promised_per_month=2, now=now, actor=cast.actor
    )
    for kind in (first, other):
        let_in(contact, cast, now, subscription_type_id=kind.pk)
    actions.withdraw(
        contact.pk,
        subscription_type_id=first.pk,
        channel="link",
        cause="too many",
        now=now + timedelta(hours=1),
    )

    def states() -> list[str]:
        key = bytes(contact.address_key)
        return [t.state for t in queries.standing_of(contact.pk, address_key=key).types]

    assert states() == ["out", "in"]
    actions.withdraw(
        contact.pk,
        subscription_type_id=None,
        channel="one_click",
        cause="all of it",
        now=now + timedelta(hours=2),
    )
    assert states() == ["out", "out"]
    history = [r.cause for r in queries.records_of(contact.pk) if r.act == "withdraw"]
    assert history == ["all of it", "too many"]


def test_many_withdrawals_equal_single_ones(cast: Cast, now: datetime) -> None:
    kind = actions.default_subscription_type(now)
    contacts = [person(cast, now, f"p{i}@example.com") for i in range(5)]
    let_in(contacts[0], cast, now - timedelta(days=2))
    let_in(contacts[1], cast, now - timedelta(days=2))
    for contact, kind_id in ((contacts[1], kind.pk), (contacts[2], kind.pk), (contacts[3], None)):
        actions.withdraw(
            contact.pk,
            subscription_type_id=kind_id,
            channel="link",
            now=now - timedelta(days=1),
        )
    ids = [c.pk for c in contacts]
    given = {"subscription_type_id": None, "channel": "opt_out_import", "now": now}
    changed = actions.withdraw_many([*ids, 9_999], **given, import_id=4)  # type: ignore[arg-type]
    assert changed == [ids[0], ids[1], ids[2], ids[4]]
    assert actions.withdraw_many(ids, **given) == []  # type: ignore[arg-type]
    columns = ("contact_id", "is_in", "evidence", "record_id", "since")

    def standing() -> list[object]:
        return [
            *Permission.objects.order_by("contact_id").values_list(*columns),
            *OptOut.objects.order_by("contact_id").values_list("contact_id", "record_id", "since"),
        ]

    by_set = standing()
    assert OptOut.objects.count() == 5
    for contact in contacts:
        actions.refold(contact.pk)
    assert standing() == by_set
