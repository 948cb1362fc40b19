"""Reads of what the consent records add up to."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from sincerely.apps.consent.models import (
    ConsentRecord,
    OptOut,
    Permission,
    SubscriptionType,
    Suppression,
)
from sincerely.apps.consent.rules.permission import RecordFacts
from sincerely.apps.consent.rules.proof import is_verifiable


@dataclass(frozen=True, slots=True)
class TypeStanding:
    """One subscription type as it stands for one contact, with the record that decided it."""

    subscription_type: SubscriptionType
    permission: Permission | None
    is_verifiable: bool

    @property
    def state(self) -> str:
        """Return in, out or unspecified."""
        if self.permission is None:
            return "unspecified"
        return "in" if self.permission.is_in else "out"

    @property
    def commitment(self) -> str:
        """Return the commitment of the deciding record in hexadecimal, '' where there is none."""
        return bytes(self.permission.record.commitment).hex() if self.permission else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """All that decides whether a contact may be mailed."""

    types: list[TypeStanding]
    opt_out: OptOut | None
    suppressions: list[Suppression]

    @property
    def is_mailable(self) -> bool:
        """True where at least one type is open and nothing stands against it."""
        if self.opt_out or self.suppressions:
            return False
        return any(t.state == "in" and t.is_verifiable for t in self.types)


def permissions_of(contact_id: int) -> dict[int, Permission]:
    """Return a contact's permissions by subscription type; no entry means unspecified."""
    rows = Permission.objects.filter(contact_id=contact_id).select_related("record__wording")
    return {row.subscription_type_id: row for row in rows}


def opt_out_of(contact_id: int) -> OptOut | None:
    """Return the opt-out from all marketing mail, if there is one."""
    return OptOut.objects.filter(contact_id=contact_id).select_related("record").first()


def standing_of(contact_id: int, *, address_key: bytes) -> Standing:
    """Return all that stands for and against mailing this contact at this address."""
    permissions = permissions_of(contact_id)
    types = SubscriptionType.objects.filter(
        Q(archived_at=None) | Q(pk__in=list(permissions))
    ).order_by("-is_default", "name")
    blocked = Suppression.objects.filter(address_key=address_key, lifted_at=None)
    return Standing(
        types=[_type_standing(kind, permissions.get(kind.pk)) for kind in types],
        opt_out=opt_out_of(contact_id),
        suppressions=list(blocked.order_by("since", "pk")),
    )


def _type_standing(kind: SubscriptionType, permission: Permission | None) -> TypeStanding:
    record = permission.record if permission else None
    sound = record is not None and is_verifiable(record.salt, record.payload, record.commitment)
    return TypeStanding(kind, permission, sound)


def permission_counts() -> dict[int, tuple[int, int]]:
    """Return per subscription type how many contacts are in and out."""
    rows = Permission.objects.values_list("subscription_type_id").annotate(
        inside=Count("pk", filter=Q(is_in=True)), outside=Count("pk", filter=Q(is_in=False))
    )
    return {type_id: (inside, outside) for type_id, inside, outside in rows.order_by()}


def record_facts(contact_id: int) -> list[RecordFacts]:
    """Return what counts of a contact's consent records; revoked ones do not."""
    rows = ConsentRecord.objects.filter(contact_id=contact_id, revoked_at=None).values_list(
        "pk", "subscription_type_id", "act", "channel", "evidence", "at"
    )
    return [
        RecordFacts(
            record_id=pk,
            type_id=type_id,
            is_permit=act == "permit",
            channel=channel,
            evidence=evidence,
            at=at,
        )
        for pk, type_id, act, channel, evidence, at in rows
    ]
