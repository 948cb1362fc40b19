"""The first visit: the one-time link, the owner, the organisation."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from sincerely.apps.sending.models import SenderIdentity
from sincerely.apps.team.actions import issue_owner_link
from sincerely.apps.team.models import AuditEntry, Brand, Member, Organisation, SetUpToken
from sincerely.project.owner_link import greeting
from sincerely.wire import clock
from tests.cast import Cast

OWNER = {
    "name": "Alice",
    "email": "Alice@Pets.example",
    "password": "correct horse battery",
    "language": "nl",
    "time_zone": "Europe/Brussels",
}
BRAND = {
    "name": "Paws",
    "postal_address": "1 High Street\nGhent",
    "accent_colour": "#2f6f5e",
    "sender_name": "Alice of Paws",
    "sender_address": "hello@pets.example",
}


def test_first_visit_makes_owner_organisation_brand_and_sender(db: None, client: Client) -> None:
    secret = issue_owner_link(now=clock.now())
    assert client.get(f"/set-up/{secret}/").status_code == 200
    response = client.post(f"/set-up/{secret}/", OWNER)
    assert response.status_code == 302
    assert response["Location"] == "/set-up/organisation/"
    owner = Member.objects.get()
    assert (owner.email, owner.role, owner.time_zone) == (
        "alice@pets.example",
        "owner",
        "Europe/Brussels",
    )
    assert client.post("/set-up/organisation/", BRAND)["Location"] == "/set-up/ready/"
    assert Organisation.objects.get().name == "Paws"
    assert "High Street" in Brand.objects.get().postal_address
    assert SenderIdentity.objects.get(is_default=True).address == "hello@pets.example"
    assert AuditEntry.objects.filter(act="organisation.set_up", member=owner).exists()


def test_the_first_page_guesses_language_and_time_zone(db: None, client: Client) -> None:
    """The language is what the browser asks for; its script chooses the zone."""
    secret = issue_owner_link(now=clock.now())
    page = client.get(f"/set-up/{secret}/", headers={"Accept-Language": "da-DK,da;q=0.9"})
    words = page.content.decode()
    assert '<option value="da" selected>' in words
    assert 'data-controller="zone"' in words


def test_link_works_once(db: None, client: Client) -> None:
    secret = issue_owner_link(now=clock.now())
    client.post(f"/set-up/{secret}/", OWNER)
    again = Client().post(f"/set-up/{secret}/", OWNER | {"email": "eve@pets.example"})
    assert again.status_code == 404
    assert Member.objects.count() == 1


def test_link_works_for_one_hour(db: None, client: Client) -> None:
    secret = issue_owner_link(now=clock.now())
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert client.get(f"/set-up/{secret}/").status_code == 404


def test_a_fresh_link_ends_the_earlier_one(db: None, client: Client) -> None:
    first = issue_owner_link(now=clock.now())
    second = issue_owner_link(now=clock.now())
    assert client.get(f"/set-up/{first}/").status_code == 404
    assert client.get(f"/set-up/{second}/").status_code == 200


def test_only_the_hash_is_stored(db: None) -> None:
    secret = issue_owner_link(now=clock.now())
    assert secret.encode() not in bytes(SetUpToken.objects.get().token_hash)


@pytest.mark.parametrize("where", ["on the path", "below here", "elsewhere"])
def test_the_greeting_names_a_command_that_can_be_typed(
    db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    """As after `make run`, whose shell does not know the environment's programs."""
    beside = Path(sys.executable).parent
    path = f"{beside}:/usr/bin:/bin" if where == "on the path" else "/usr/bin:/bin"
    monkeypatch.setenv("PATH", path)
    monkeypatch.chdir(tmp_path if where == "elsewhere" else beside.parent)
    command = greeting().rpartition("with: ")[2]
    assert command.startswith("sincerely ") == (where == "on the path")
    env = {"PATH": path, "SINCERELY_HOME": str(tmp_path)}
    typed = subprocess.run(
        f"{command} --help", shell=True, capture_output=True, text=True, check=False, env=env
    )
    assert "--member" in typed.stdout, typed.stderr


def test_greeting_carries_the_link_until_there_is_an_owner(db: None) -> None:
    assert "/set-up/" in greeting()


def test_greeting_is_silent_with_an_owner(cast: Cast) -> None:
    assert "/set-up/" not in greeting()


@pytest.mark.parametrize("password", ["short", "1234567890123", "alice@pets.example"])
def test_weak_passwords_are_refused_at_the_field(db: None, client: Client, password: str) -> None:
    secret = issue_owner_link(now=clock.now())
    response = client.post(f"/set-up/{secret}/", OWNER | {"password": password})
    assert response.status_code == 422
    assert "invalid-feedback" in response.content.decode()
    assert not Member.objects.exists()
    assert client.get(f"/set-up/{secret}/").status_code == 200
