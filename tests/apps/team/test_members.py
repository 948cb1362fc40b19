"""Members: invitations, roles, the last owner, passwords, sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from sincerely.apps.team import actions
from sincerely.apps.team.models import AuditEntry, Member
from sincerely.apps.team.rules import Role
from sincerely.wire import clock
from tests.cast import Cast

PASSWORD = "correct horse battery"
NEW = {"name": "Dora", "password": "seven small purple boats", "language": "sv"}


def link_in(page: str) -> str:
    return page.split('value="http')[1].split('"', maxsplit=1)[0].split("/join/")[1].strip("/")


def test_invited_person_joins_with_the_role_of_the_invitation(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    page = client.post("/settings/members/invite/", {"email": "Dora@x.example", "role": "analyst"})
    secret = link_in(page.content.decode())
    stranger = Client()
    assert stranger.post(f"/join/{secret}/", NEW)["Location"] == "/"
    dora = Member.objects.get(email="dora@x.example")
    assert (dora.role, dora.language) == ("analyst", "sv")
    assert stranger.get("/").status_code == 200
    assert Client().post(f"/join/{secret}/", NEW).status_code == 404


def test_invitation_ends_after_seven_days(cast: Cast) -> None:
    secret = actions.invite("d@x.example", Role.OWNER, now=clock.now(), actor=cast.actor)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert Client().get(f"/join/{secret}/").status_code == 404


def test_password_link_sets_the_password_and_ends_sessions(cast: Cast) -> None:
    bob = Client()
    bob.force_login(cast.bob)
    secret = actions.issue_password_link(cast.bob.pk, now=clock.now())
    response = Client().post(f"/join/{secret}/", NEW | {"name": "Bob"})
    assert response["Location"] == "/account/login/"
    assert bob.get("/").status_code == 302
    cast.bob.refresh_from_db()
    assert cast.bob.check_password(NEW["password"])
    assert cast.bob.role == "editor"


def test_last_owner_stays_owner(cast: Cast, now: object, client: Client) -> None:
    with pytest.raises(actions.LastOwner):
        actions.change_role(cast.alice.pk, Role.EDITOR, now=now, actor=cast.actor)
    with pytest.raises(actions.LastOwner):
        actions.set_activity(cast.alice.pk, active=False, now=now, actor=cast.actor)
    client.force_login(cast.alice)
    page = client.post(f"/settings/members/{cast.alice.pk}/", {"role": "viewer"})
    assert page.status_code == 422
    assert "only owner" in page.content.decode()


def test_an_owner_may_go_when_another_stays(cast: Cast, now: object) -> None:
    actions.change_role(cast.bob.pk, Role.OWNER, now=now, actor=cast.actor)
    actions.change_role(cast.alice.pk, Role.VIEWER, now=now, actor=cast.actor)
    cast.alice.refresh_from_db()
    assert cast.alice.role == "viewer"


def test_a_deactivated_owner_does_not_count(cast: Cast, now: object) -> None:
    actions.change_role(cast.bob.pk, Role.OWNER, now=now, actor=cast.actor)
    actions.set_activity(cast.bob.pk, active=False, now=now, actor=cast.actor)
    with pytest.raises(actions.LastOwner):
        actions.change_role(cast.alice.pk, Role.VIEWER, now=now, actor=cast.actor)


def test_role_change_is_in_the_trail(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    client.post(f"/settings/members/{cast.vera.pk}/", {"role": "editor"})
    entry = AuditEntry.objects.get(act="member.role_changed")
    assert entry.member == cast.alice
    assert entry.detail == {"before": "viewer", "after": "editor"}
    assert entry.ip == "127.0.0.1"


def login(client: Client, email: str, password: str) -> str:
    response = client.post("/account/login/", {"login": email, "password": password})
    return response.content.decode() if response.status_code == 200 else "in"


def test_login_answers_the_same_for_unknown_members(cast: Cast) -> None:
    known = login(Client(REMOTE_ADDR="10.9.8.7"), "bob@team.example", "wrong wrong wrong")
    unknown = login(Client(REMOTE_ADDR="10.9.8.6"), "nobody@team.example", "wrong wrong wrong")
    message = [line for line in known.splitlines() if "alert" in line]
    assert message
    assert len(message) == len([line for line in unknown.splitlines() if "alert" in line])


def test_login_works_and_is_limited(cast: Cast) -> None:
    client = Client(REMOTE_ADDR="10.9.8.5")
    for _ in range(6):
        login(client, "vera@team.example", "wrong wrong wrong")
    assert login(client, "vera@team.example", PASSWORD) != "in"  # locked for a while
    assert login(Client(REMOTE_ADDR="10.9.8.4"), "alice@team.example", PASSWORD) == "in"


def test_password_change_ends_other_sessions(cast: Cast) -> None:
    one, other = Client(), Client()
    one.force_login(cast.bob)
    other.force_login(cast.bob)
    response = one.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW["password"], "password2": NEW["password"]},
    )
    assert response.status_code == 302
    assert other.get("/").status_code == 302


def test_profile_changes_language_and_zone(cast: Cast, client: Client) -> None:
    client.force_login(cast.vera)
    client.post(
        "/settings/me/", {"name": "Vera V.", "language": "da", "time_zone": "Europe/Copenhagen"}
    )
    cast.vera.refresh_from_db()
    assert (cast.vera.name, cast.vera.language) == ("Vera V.", "da")
