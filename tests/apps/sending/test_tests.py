"""Test mails: what arrives, and that nothing of it is counted."""

from __future__ import annotations

import email
from datetime import datetime
from email.policy import default as modern

import pytest

from sincerely.apps.sending.actions import send_test
from sincerely.apps.sending.actions.tests import try_transport
from sincerely.apps.sending.models import Message
from tests.apps.sending import people
from tests.cast import Cast
from tests.engines.sending_world import Server, draft, relay, serving

pytestmark = pytest.mark.django_db


def test_a_test_is_rendered_as_a_contact_and_not_counted(cast: Cast, now: datetime) -> None:
    (contact,) = people.opted_in(1, now=now, kind=people.marketing(now))
    dispatch = people.add_dispatch(cast, now=now, kind=people.marketing(now))
    with serving(Server()) as server:
        transport = relay(server, cast, now=now)
        outcomes = send_test(
            draft(cast, now=now).pk,
            sender_id=dispatch.sender_id,
            transport_id=transport.pk,
            addresses=["bob@team.example", "test@list.example"],
            as_contact_id=contact.pk,
            now=now,
            actor=cast.actor,
        )
        tried = try_transport(
            transport.pk,
            sender=dispatch.sender,
            address="bob@team.example",
            now=now,
            actor=cast.actor,
        )
    assert [(o.address, o.is_accepted) for o in outcomes] == [
        ("bob@team.example", True),
        ("test@list.example", True),
    ]
    assert tried.is_accepted
    assert not Message.objects.exists()
    mail = email.message_from_bytes(server.kept[0][1], policy=modern)
    html = mail.get_body(("html",)).get_content()  # type: ignore[attr-defined, union-attr]
    assert f"Dear {contact.first_name}" in html
    assert "https://shop.example/dogs" in html
    assert "/o/" not in html


def test_a_server_that_is_not_there_is_said(cast: Cast, now: datetime) -> None:
    dispatch = people.add_dispatch(cast, now=now, kind=people.marketing(now))
    transport = relay(Server(port=1), cast, now=now)
    (outcome,) = send_test(
        draft(cast, now=now).pk,
        sender_id=dispatch.sender_id,
        transport_id=transport.pk,
        addresses=["bob@team.example"],
        now=now,
        actor=cast.actor,
    )
    assert not outcome.is_accepted
    assert outcome.outcome
