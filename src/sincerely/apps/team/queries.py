"""Reads of the team domain."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from sincerely.apps.team.models import APIKey, AuditEntry, Brand, Member, Organisation, SetUpToken
from sincerely.apps.team.rules import Role, hash_secret


def organisation() -> Organisation | None:
    """Return the organisation, or None before the set-up."""
    return Organisation.objects.filter(pk=1).first()


def has_owner() -> bool:
    """Say whether the installation belongs to somebody."""
    return Member.objects.filter(role=Role.OWNER).exists()


def members() -> QuerySet[Member]:
    """Return the team, owners first, those who left last."""
    return Member.objects.order_by("-is_active", "name", "pk")


def member(member_id: int) -> Member | None:
    """Return one member."""
    return Member.objects.filter(pk=member_id).first()


def member_by_address(email: str) -> Member | None:
    """Return the member with this address."""
    return Member.objects.filter(email=email.strip().lower()).first()


def invitations(now: object) -> QuerySet[SetUpToken]:
    """Return the invitations that still work, without those for new passwords."""
    known = Member.objects.values("email")
    return (
        SetUpToken.objects.filter(used_at=None, expires_at__gt=now)
        .exclude(email="")
        .exclude(email__in=known)
        .order_by("pk")
    )


def open_link(token_hash: bytes, *, now: object) -> SetUpToken | None:
    """Return the one-time link if it still works."""
    return SetUpToken.objects.filter(
        token_hash=token_hash, used_at=None, expires_at__gt=now
    ).first()


def brands(*, archived: bool = False) -> QuerySet[Brand]:
    """Return the brands in use (or all) by name."""
    rows = Brand.objects.order_by("name").defer("logo")
    return rows if archived else rows.filter(archived_at=None)


def brand(brand_id: int) -> Brand | None:
    """Return one brand."""
    return Brand.objects.filter(pk=brand_id).first()


def first_brand() -> Brand | None:
    """Return the oldest brand in use."""
    return Brand.objects.filter(archived_at=None).order_by("pk").first()


def brand_name_is_taken(name: str, *, except_id: int | None = None) -> bool:
    """Say whether another brand has this name."""
    return Brand.objects.filter(name__iexact=name).exclude(pk=except_id).exists()


def api_keys() -> QuerySet[APIKey]:
    """Return all keys, those in use first, newest first."""
    return APIKey.objects.select_related("member").order_by("revoked_at", "-pk")


def key(key_id: int) -> APIKey | None:
    """Return one key."""
    return APIKey.objects.filter(pk=key_id).first()


def key_by_secret(secret: str) -> APIKey | None:
    """Return the key in use with this secret."""
    return APIKey.objects.filter(
        secret_hash=hash_secret(secret), revoked_at=None, member__is_active=True
    ).first()


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What of the audit trail is wanted; empty values want everything."""

    act: str = ""
    member_id: int | None = None
    subject_kind: str = ""


def trail(
    wanted: TrailFilter, *, before_id: int | None = None, limit: int = 50
) -> list[AuditEntry]:
    """Return entries of the audit trail, newest first, older than `before_id`."""
    rows = AuditEntry.objects.select_related("member", "api_key").order_by("-pk")
    if wanted.act:
        rows = rows.filter(Q(act=wanted.act) | Q(act__startswith=f"{wanted.act}."))
    if wanted.member_id:
        rows = rows.filter(member_id=wanted.member_id)
    if wanted.subject_kind:
        rows = rows.filter(subject_kind=wanted.subject_kind)
    if before_id:
        rows = rows.filter(pk__lt=before_id)
    return list(rows[:limit])


def recent_acts(*, limit: int = 5000) -> list[str]:
    """Return the codes among the latest entries, for the filter."""
    latest = AuditEntry.objects.order_by("-pk").values_list("act", flat=True)[:limit]
    return sorted(set(latest))
