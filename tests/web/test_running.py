"""How it runs: the page, the holds with their button, and the figures for monitoring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sincerely.apps.operation import actions
from sincerely.apps.sending.actions import place_hold
from sincerely.apps.sending.models import Hold
from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import hash_secret
from sincerely.web.queries import running
from sincerely.web.queries.figures import InstallationFigures
from tests.apps.campaigns import desk
from tests.apps.sending import people
from tests.cast import Cast
from tests.project.test_life import life


@pytest.fixture(autouse=True)
def own_captures(settings: Any, tmp_path: Path) -> None:
    settings.CAPTURE_PATH = tmp_path / "capture.sqlite3"


def test_the_page_tells_who_lives_and_what_is_missing(cast: Cast, client: Client) -> None:
    real = datetime.now(UTC)
    actions.beat(life(real, trouble="the relay refused (OSError)", trouble_at=real), now=real)
    actions.beat(life(real, process="folder"), now=real - timedelta(minutes=2))
    client.force_login(cast.alice)
    page = client.get("/settings/system/running/").content.decode()
    assert "the relay refused (OSError)" in page
    assert "No sign of life" in page
    assert "Sending: not running" not in page
    assert "Numbers and labels: not running" in page
    assert "nobody can unsubscribe by one click" in page
    part = client.get("/settings/system/running/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()


def test_mailings_that_wait_are_listed_and_released(
    cast: Cast, client: Client, now: datetime
) -> None:
    one = people.add_dispatch(cast, now=now, kind=people.marketing(now))
    place_hold(reason="Restored from a backup", placed_by="restore", now=now, mailing_id=one.pk)
    place_hold(reason="Waits for DNS", placed_by="readiness", now=now, mailing_id=one.pk)
    place_hold(reason="Stop all", placed_by="member", now=now)
    client.force_login(cast.alice)
    assert "Restored from a backup" in client.get("/").content.decode()
    page = client.get("/settings/system/running/").content.decode()
    assert "Restored from a backup" in page
    assert "Waits for DNS" not in page, "it lifts itself"
    hold = Hold.objects.get(placed_by="restore")
    client.post("/settings/system/release/", {"hold": hold.pk})
    assert set(Hold.objects.filter(lifted_at=None).values_list("placed_by", flat=True)) == {
        "readiness",
        "member",
    }
    client.post("/settings/system/release/", {"hold": "all"})
    assert list(Hold.objects.filter(lifted_at=None).values_list("placed_by", flat=True)) == [
        "readiness"
    ]


def test_a_campaign_shows_why_it_waits_and_lets_go(
    cast: Cast, client: Client, now: datetime
) -> None:
    campaign = desk.draft(cast, now=now)
    place_hold(
        reason="Restored from a backup",
        placed_by="restore",
        now=now,
        mailing_id=campaign.mailing_id,
    )
    hold = Hold.objects.get()
    client.force_login(cast.alice)
    address = f"/mail/campaigns/{campaign.pk}/"
    assert "Restored from a backup" in client.get(f"{address}send/").content.decode()
    client.force_login(cast.vera)
    assert client.post(f"{address}release/{hold.pk}/").status_code == 403
    client.force_login(cast.bob)
    client.post(f"{address}release/{hold.pk}/")
    assert not Hold.objects.filter(lifted_at=None).exists()
    assert "Restored from a backup" not in client.get(f"{address}send/").content.decode()


def test_the_figures_are_what_monitoring_reads(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    contacts = people.opted_in(3, now=now, kind=kind)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    Hold.objects.all().delete()
    for number, contact in enumerate(contacts):
        dispatch.mailing.message_set.create(
            contact=contact,
            nonce=b"nonce!",
            address_key=bytes(contact.address_key),
            state=("planned", "dialling", "unknown")[number],
            finished_at=now,
            due_at=datetime.now(UTC) - timedelta(hours=1),
            planned_at=now,
        )
    actions.beat(life(datetime.now(UTC)), now=datetime.now(UTC))
    for left_at, count in ((now, 0), (None, 1)):  # who has decided need not look again
        dispatch.unknown_left_at = left_at
        dispatch.save()
        assert running.backlog(now=now).unknown_count == count
    registry = CollectorRegistry()
    registry.register(InstallationFigures())
    text = generate_latest(registry).decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["sincerely_messages_waiting",] == 1
    assert found["sincerely_messages_underway",] == 1
    assert found["sincerely_messages_unknown",] == 1
    assert 3_590 < found["sincerely_outbox_age_seconds",] < 3_700
    assert found["sincerely_processes", "sender", "running"] == 1
    assert found["sincerely_database_answers",] == 1
    assert "@" not in text


def test_programs_list_and_release_too(cast: Cast, client: Client, now: datetime) -> None:
    APIKey.objects.create(
        prefix="test",
        name="Test",
        secret_hash=hash_secret("secret"),
        scopes=["view", "send"],
        member=cast.alice,
        created_at=now,
    )
    place_hold(reason="Restored from a backup", placed_by="restore", now=now)
    key = {"authorization": "Bearer secret"}
    (found,) = client.get("/api/v1/sending/holds", headers=key).json()
    assert found["reason"] == "Restored from a backup"
    address = f"/api/v1/sending/holds/{found['id']}/release"
    assert client.post(address, headers=key).status_code == 204
    assert client.post(address, headers=key).status_code == 404
    assert client.get("/api/v1/sending/holds", headers=key).json() == []
