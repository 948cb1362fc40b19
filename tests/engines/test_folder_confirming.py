"""Confirm clicks in the fold: evidence follows the verdict and never brings anybody back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sincerely.apps.consent.actions import permit, withdraw
from sincerely.apps.consent.models import ConsentRecord, Evidence, Permission
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.engagement.actions import LinkSpec, replace_links
from sincerely.apps.engagement.models import Link
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.sending.models import Message
from sincerely.apps.team.rules import PROGRAM
from sincerely.engines.folder.steps import fold_all
from tests.apps.engagement.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def asked(world: World) -> Message:
    """A mail with a confirm button (link 7; its label must not be learnt) to somebody in."""
    links = [
        LinkSpec(link.number, link.url, link.text, link.role, link.label_id)
        for link in Link.objects.order_by("number")
    ]
    button = LinkSpec(7, CONFIRM_PAGE, "Yes", "confirm", world.dogs.pk)
    replace_links(world.mailing.pk, [*links, button])
    message = world.message()
    grant(world, message)
    return message


def grant(world: World, message: Message) -> None:
    permit(
        message.contact_id,
        subscription_type_id=world.mailing.subscription_type_id or 0,
        channel="import",
        evidence=Evidence.NONE,
        proof=Proof(address=message.contact.address),
        now=world.now,
        actor=PROGRAM,
    )


def confirmations(message: Message) -> list[tuple[object, ...]]:
    rows = ConsentRecord.objects.filter(message_id=message.pk, act="permit")
    return list(rows.values_list("cause", "evidence", "at", "revoked_at"))


def test_a_human_click_is_evidence_once_and_teaches_no_label(world: World, asked: Message) -> None:
    world.capture(asked, link=7)
    world.capture(asked, link=7, after=4_000)
    fold_all(now=world.now + HOUR + timedelta(seconds=60))
    assert confirmations(asked) == [], "the first look acts on nothing"
    fold_all(now=world.now + 2 * HOUR)
    fold_all(now=world.now + 3 * DAY)
    assert confirmations(asked) == [("confirm click", 1, world.now + HOUR, None)]
    standing = Permission.objects.get(contact_id=asked.contact_id)
    assert (standing.is_in, standing.evidence) == (True, Evidence.SINGLE)
    assert not ContactLabel.objects.exists()
    assert [d for ids in contact_slices() for d in differences(ids)] == []


def test_the_test_mailbox_confirms_at_once(world: World, asked: Message) -> None:
    world.capture(asked, link=7, after=5, simulated=True)
    fold_all(now=world.now + timedelta(seconds=6))
    assert [row[0] for row in confirmations(asked)] == ["confirm click"]


@pytest.mark.parametrize(("link", "after"), [(7, 20), (1, 3_600)])
def test_an_undecided_click_or_one_elsewhere_is_no_evidence(
    world: World, asked: Message, link: int, after: float
) -> None:
    world.capture(asked, link=link, after=after)
    fold_all(now=world.now + 2 * HOUR)
    assert confirmations(asked) == []


def test_a_click_gives_no_permission_that_was_not_there(world: World, asked: Message) -> None:
    never, gone = world.message(), world.message()
    grant(world, gone)
    withdraw(gone.contact_id, subscription_type_id=None, channel="link", now=world.now + HOUR / 2)
    for message in (never, gone):
        world.capture(message, link=7)
    fold_all(now=world.now + 2 * HOUR)
    assert confirmations(never) == confirmations(gone) == []
    assert not Permission.objects.filter(contact_id=gone.contact_id, is_in=True).exists()


def test_what_turns_out_to_be_a_machine_is_taken_back(world: World, asked: Message) -> None:
    world.capture(asked, link=7, after=700)
    fold_all(now=world.now + timedelta(seconds=800))
    assert [row[3] for row in confirmations(asked)] == [None]
    for number in range(1, 7):  # captured late: the rest of the same burst
        world.capture(asked, link=number, after=700 + number / 10)
    later = world.now + 2 * DAY
    fold_all(now=later)
    assert [row[3] for row in confirmations(asked)] == [later]
    standing = Permission.objects.get(contact_id=asked.contact_id)
    assert (standing.is_in, standing.evidence) == (True, Evidence.NONE)
