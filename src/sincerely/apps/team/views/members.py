"""Members: the list, inviting, roles, and the page where an invited person joins."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from sincerely.apps.team import actions, queries
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.actions.links import hash_token
from sincerely.apps.team.forms import InviteForm, JoinForm, RoleForm
from sincerely.apps.team.models import Member
from sincerely.apps.team.rules import Capability, Role
from sincerely.apps.team.words import ROLE_NAMES
from sincerely.wire.clock import now

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def join_url(secret: str) -> str:
    """Return the full address of a one-time link."""
    return str(settings.PUBLIC_URL).rstrip("/") + reverse("team:join", args=[secret])


@require_GET
@requires(Capability.EDIT_TEAM)
def listing(request: HttpRequest) -> HttpResponse:
    """List members and open invitations."""
    rows = [(member, ROLE_NAMES[Role(member.role)]) for member in queries.members()]
    waiting = [(link, ROLE_NAMES[Role(link.role)]) for link in queries.invitations(now())]
    return render(request, "team/members.html", {"rows": rows, "invitations": waiting})


@requires(Capability.EDIT_TEAM)
def invite(request: HttpRequest) -> HttpResponse:
    """Make an invitation and show its link once."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        email = form.cleaned_data["email"]
        secret = actions.invite(email, role, now=now(), actor=actor_of(request))
        context = {"link": join_url(secret), "who": email, "invited": True}
        return render(request, "team/link.html", context)
    status = 422 if form.is_bound else 200
    return render(request, "team/invite.html", {"form": form}, status=status)


@require_POST
@requires(Capability.EDIT_TEAM)
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Make an invitation useless that nobody has used yet."""
    if actions.withdraw_invitation(invitation_id, now=now(), actor=actor_of(request)):
        messages.success(request, _("The invitation is withdrawn; its link works no more."))
    else:
        messages.info(request, _("This invitation was used or had ended already."))
    return redirect("team:members")


@requires(Capability.EDIT_TEAM)
def one(request: HttpRequest, member_id: int) -> HttpResponse:
    """Show a member and change their role."""
    member = _member_or_404(member_id)
    form = RoleForm(request.POST or None, initial={"role": member.role})
    if request.method == "POST" and form.is_valid():
        try:
            role = Role(form.cleaned_data["role"])
            actions.change_role(member.pk, role, now=now(), actor=actor_of(request))
        except actions.LastOwner:
            form.add_error("role", _last_owner())
        else:
            messages.success(request, _("The role was changed."))
            return redirect("team:members")
    status = 422 if form.is_bound else 200
    context = {"member": member, "form": form, "is_me": member.pk == member_of(request).pk}
    return render(request, "team/member.html", context, status=status)


@require_POST
@requires(Capability.EDIT_TEAM)
def activity(request: HttpRequest, member_id: int) -> HttpResponse:
    """Deactivate a member or let them in again."""
    member = _member_or_404(member_id)
    try:
        actions.set_activity(
            member.pk, active=not member.is_active, now=now(), actor=actor_of(request)
        )
    except actions.LastOwner:
        messages.error(request, _last_owner())
    return redirect("team:member", member.pk)


@require_POST
@requires(Capability.EDIT_TEAM)
def password_link(request: HttpRequest, member_id: int) -> HttpResponse:
    """Make a link by which a member sets a new password, and show it once."""
    member = _member_or_404(member_id)
    if not member.is_active:
        raise Http404
    secret = actions.issue_password_link(member.pk, now=now(), actor=actor_of(request))
    context = {"link": join_url(secret), "who": str(member), "invited": False}
    return render(request, "team/link.html", context)


@sensitive_post_parameters("password")
@never_cache
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Let an invited person in, or a member set a new password; the link works once."""
    link = queries.open_link(hash_token(secret), now=now())
    if link is None or not link.email:
        return render(request, "team/link_spent.html", status=404)
    known = queries.member_by_address(link.email)
    initial = {"name": known.name, "language": known.language} if known else {}
    form = JoinForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            member = actions.join(secret, now=now(), **form.cleaned_data)
        except actions.LinkSpent:
            return render(request, "team/link_spent.html", status=404)
        if known:  # a second factor may stand between the new password and the pages
            messages.success(request, _("Your new password is set. Please log in."))
            return redirect("account_login")
        login(request, member, backend=BACKEND)
        return redirect("web:home")
    context = {"form": form, "email": link.email, "known": known}
    return render(request, "team/join.html", context, status=422 if form.is_bound else 200)


def _member_or_404(member_id: int) -> Member:
    member = queries.member(member_id)
    if member is None:
        raise Http404
    return member


def _last_owner() -> str:
    return _("This is the only owner. Make somebody else an owner first.")
