"""The doctor: silent about a sound installation, plain about a broken one."""

from __future__ import annotations

import argparse
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.migrations.recorder import MigrationRecorder

from sincerely.apps.consent.actions import permit, suppress, withdraw
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.engagement.models import ContactEngagement, Event, SignalVerdict
from sincerely.apps.operation.actions import Life, beat
from sincerely.apps.operation.models import Heartbeat
from sincerely.apps.sending.models import Attempt, Dispatch, Message, SenderIdentity, Transport
from sincerely.apps.team.rules import PROGRAM
from sincerely.engines.folder.steps import fold_all
from sincerely.project import doctor
from sincerely.wire.health import PROCESSES
from tests.apps.engagement.conftest import world
from tests.apps.engagement.world import World
from tests.cast import Cast

__all__ = ["world"]


def examine(capsys: pytest.CaptureFixture[str], *, deep: bool = True) -> tuple[int, str]:
    status = doctor.run(argparse.Namespace(rebuild_check=deep))
    return status, capsys.readouterr().out


@pytest.fixture
def sent(world: World, cast: Cast) -> World:
    """One mailing that went to three people who permitted it, and what they did."""
    Dispatch.objects.create(
        mailing=world.mailing,
        sender=SenderIdentity.objects.create(
            brand=cast.brand, name="Shop", address="shop@shop.example", created_at=world.now
        ),
        transport=Transport.objects.filter(is_default=True).first()
        or Transport.objects.create(
            name="Box", kind="mailbox", is_default=True, created_at=world.now
        ),
        subscription_type_id=world.mailing.subscription_type_id,
        is_planned=True,
        created_at=world.now,
    )
    for _ in range(3):
        contact = world.contact()
        permit(
            contact.pk,
            subscription_type_id=world.mailing.subscription_type_id or 0,
            channel="form",
            evidence=1,
            proof=Proof(address=contact.address),
            now=world.now - timedelta(days=1),
            actor=PROGRAM,
        )
        world.message(contact)
    world.capture(world.messages[0], "open")
    world.capture(world.messages[0])
    fold_all(now=world.now + timedelta(days=2))
    return world


def test_a_sound_installation_is_well(sent: World, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = examine(capsys)
    assert status == 0, said
    assert "[note ] The processes run." in said, "nothing runs, so it is not fine"
    assert "Nothing runs" in said
    assert "All is well." not in said


@pytest.fixture
def running(sent: World) -> World:
    """Every process has just shown that it lives (they all are this one)."""
    for process in PROCESSES:
        show(process)
    return sent


def show(process: str, *, ago: timedelta = timedelta(), **facts: Any) -> None:
    """Write a sign of life as a process does, some time ago."""
    at = datetime.now(UTC) - ago
    life = Life(process, socket.gethostname(), os.getpid(), at, at, 1, 0)
    beat(replace(life, **facts), now=at)


def test_without_its_tables_the_rest_is_not_asked(
    db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first start that forgot to migrate meets one instruction, not a list of missing tables."""
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _self: {})
    status, said = examine(capsys)
    assert status == 1
    assert "run `sincerely migrate`" in said
    assert "checks need that first." in said
    assert "The processes run." not in said


def test_running_processes_are_well_at_any_address(
    running: World, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = examine(capsys)
    assert (status, "[fine ] The processes run." in said) == (0, True), said
    assert "All is well." in said


NO_PROCESS = 4_194_305  # one more than Linux ever numbers


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"process_id": NO_PROCESS}, "No sender process runs"),
        ({"host": "elsewhere", "ago": timedelta(minutes=5)}, "No sender process runs"),
        ({"turned_at": datetime(2026, 1, 1, tzinfo=UTC)}, "is stuck"),
        (None, "No sender process runs"),
    ],
    ids=["killed", "silent", "stuck", "never started"],
)
def test_a_process_that_does_not_run_is_wrong(
    running: World,
    capsys: pytest.CaptureFixture[str],
    facts: dict[str, Any] | None,
    words: str,
) -> None:
    Heartbeat.objects.filter(process="sender").delete()
    if facts is not None:
        show("sender", **facts)
    status, said = examine(capsys, deep=False)
    assert (status, "[wrong] The processes run." in said, words in said) == (1, True, True), said
    assert "All is well." not in said


def test_the_mailbox_is_missed_only_where_mail_goes_there(
    running: World, capsys: pytest.CaptureFixture[str]
) -> None:
    Heartbeat.objects.filter(process="mailbox").delete()
    assert examine(capsys, deep=False)[0] == 1
    Transport.objects.filter(is_default=True).update(kind="provider")
    status, said = examine(capsys, deep=False)
    assert (status, "No mailbox process runs" in said) == (0, True), said


def test_each_broken_promise_is_named(sent: World, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, three = sent.messages
    withdraw(
        one.contact_id, subscription_type_id=None, channel="link", now=sent.now - timedelta(hours=1)
    )
    suppress(
        bytes(two.address_key), reason="manual", now=sent.now - timedelta(hours=1), actor=PROGRAM
    )
    Message.objects.filter(pk=three.pk).update(state="lost")
    ContactEngagement.objects.filter(pk=one.contact_id).update(open_count=7)
    Event.objects.filter(kind="clicked").update(verdict="machine")
    SignalVerdict.objects.filter(signal__kind="open").update(verdict="undecided")
    status, said = examine(capsys)
    assert status == 1
    for words in (
        f"state that does not exist: {three.pk}.",
        f"without one: {one.pk}.",
        f"suppressed addresses: {two.pk}.",
        "open_count 7 instead of 1",
        "click_count 1 instead of 0",
        "stored undecided, judged again human",
    ):
        assert words in said


def test_who_leaves_by_the_very_mail_before_its_acceptance_is_heard_breaks_nothing(
    sent: World, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = sent.messages
    for message, seconds in ((one, 40), (two, 80)):
        at = Attempt.objects.get(message=message).at
        before = at - timedelta(seconds=seconds)
        withdraw(message.contact_id, subscription_type_id=None, channel="link", now=before)
    at = Attempt.objects.get(message=three).at
    suppress(
        bytes(three.address_key),
        reason="manual",
        now=at - timedelta(seconds=40),
        actor=PROGRAM,
    )
    status, said = examine(capsys, deep=False)
    assert (status, f"without one: {two.pk}." in said) == (1, True), said
    assert "suppressed addresses:" not in said


def test_an_open_secret_and_a_missing_one_are_told(
    db: None,
    tmp_path: Path,
    settings: object,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SINCERELY_SECRET", raising=False)
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    assert "is missing" in examine(capsys, deep=False)[1]
    (tmp_path / "secret").write_text("0" * 64)
    (tmp_path / "secret").chmod(0o644)
    assert "chmod 600" in examine(capsys, deep=False)[1]
    (tmp_path / "secret").chmod(0o600)
    assert "[fine ] The secret" in examine(capsys, deep=False)[1]
