"""Writes on members: roles, activity, profile. Somebody always owns the installation."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from sincerely.apps.team.actions.trail import audit
from sincerely.apps.team.models import Member
from sincerely.apps.team.rules import Actor, Role, leaves_an_owner


class LastOwner(Exception):
    """The member is the last active owner and must stay one."""


def turn_off_second_step(member_id: int, *, now: datetime, actor: Actor) -> None:
    """Let the password alone open the door for a member who lost phone and recovery codes."""
    with transaction.atomic():
        member = _locked(member_id)
        removed, _rows = Authenticator.objects.filter(user_id=member_id).delete()
        if removed:
            audit(actor, "member.two_step_off", now=now, subject=member)


def change_role(member_id: int, role: Role, *, now: datetime, actor: Actor) -> Member:
    """Give a member another role. Raises LastOwner."""
    with transaction.atomic():
        member = _locked(member_id)
        before = member.role
        if role != Role.OWNER:
            _keep_an_owner(member)
        member.role = role.value
        member.save(update_fields=["role"])
        audit(
            actor,
            "member.role_changed",
            now=now,
            subject=member,
            detail={"before": before, "after": role.value},
        )
    return member


def set_activity(member_id: int, *, active: bool, now: datetime, actor: Actor) -> Member:
    """Let a member in, or end their sessions and keep them out. Raises LastOwner."""
    with transaction.atomic():
        member = _locked(member_id)
        if not active:
            _keep_an_owner(member)
        member.is_active = active
        member.save(update_fields=["is_active"])
        act = "member.reactivated" if active else "member.deactivated"
        audit(actor, act, now=now, subject=member)
    return member


def edit_profile(
    member_id: int, *, name: str, language: str, time_zone: str, now: datetime, actor: Actor
) -> Member:
    """Change what a member decides about themselves."""
    with transaction.atomic():
        member = _locked(member_id)
        member.name, member.language, member.time_zone = name, language, time_zone
        member.save(update_fields=["name", "language", "time_zone"])
        audit(actor, "member.profile_changed", now=now, subject=member)
    return member


def _locked(member_id: int) -> Member:
    # All owners are locked too: two owners who demote each other at once must not both succeed.
    rows = Member.objects.select_for_update().order_by("pk")
    list(rows.filter(role=Role.OWNER))
    return rows.get(pk=member_id)


def _keep_an_owner(member: Member) -> None:
    owners = Member.objects.filter(role=Role.OWNER, is_active=True).values_list("pk", flat=True)
    if member.pk in set(owners) and not leaves_an_owner(frozenset(owners), member.pk):
        raise LastOwner
