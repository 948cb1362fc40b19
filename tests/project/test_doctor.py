"""The doctor: silent about a sound installation, plain about a broken one."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

import pytest

from sincerely.apps.consent.actions import permit, suppress, withdraw
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.engagement.models import ContactEngagement, Event, SignalVerdict
from sincerely.apps.sending.models import Dispatch, Message, SenderIdentity, Transport
from sincerely.apps.team.rules import PROGRAM
from sincerely.engines.folder.steps import fold_all
from sincerely.project import doctor
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
    assert (status, "All is well." in said) == (0, True), said


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
