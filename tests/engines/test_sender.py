"""The sender against real servers: what arrives, what is retried, what never leaves."""

from __future__ import annotations

import email
from collections import Counter
from datetime import datetime, timedelta
from email.policy import default as modern

import pytest

from sincerely.apps.consent.models import Suppression
from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.actions import cancel, pause, resume
from sincerely.apps.sending.models import Attempt, Message
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.apps.sending.rules.message_id import read_message_id
from tests.apps.sending import people
from tests.cast import Cast
from tests.engines.sending_world import Server, planned, sending, serving, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]


def test_everybody_gets_one_mail_of_their_own(cast: Cast, now: datetime) -> None:
    with serving(Server()) as server:
        dispatch = planned(cast, server, 120, now=now)
        with sending():
            until(lambda: is_finished(dispatch.pk))
        assert tally(dispatch.pk).by_state == {"accepted": 120}
        assert Attempt.objects.count() == 120
        counted = Counter(recipient for recipient, _ in server.kept)
        assert len(counted) == 120
        assert set(counted.values()) == {1}
        for recipient, raw in server.kept[:10]:
            _check(recipient, raw, dispatch.pk)


def _check(recipient: str, raw: bytes, mailing_id: int) -> None:
    mail = email.message_from_bytes(raw, policy=modern)
    contact = Contact.objects.get(address=recipient)
    assert mail["To"] == recipient
    assert mail["Subject"] == f"{contact.first_name}, grüße"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http")
    found = read_message_id(mail["Message-ID"])
    assert found is not None
    message = Message.objects.get(pk=found[0])
    assert (message.contact_id, message.mailing_id) == (contact.pk, mailing_id)
    assert bytes(message.nonce) == found[1]
    html = mail.get_body(("html",)).get_content()  # type: ignore[attr-defined, union-attr]
    assert f"Dear {contact.first_name}, naïve café" in html
    assert "/c/" in html
    assert "https://shop.example/dogs" not in html


@pytest.mark.parametrize("features", [("PIPELINING",), ("SIZE 99",)])
def test_answers_decide(cast: Cast, now: datetime, features: tuple[str, ...]) -> None:
    def at_recipient(recipient: str) -> str:
        number = int(recipient.removeprefix("person").partition("@")[0])
        return {0: "550 5.1.1 User unknown", 1: "451 4.7.1 greylisted"}.get(number % 5, "250 ok")

    def answer(recipient: str) -> str:
        number = int(recipient.removeprefix("person").partition("@")[0])
        return "554 5.7.1 we think it is spam" if number % 5 == 2 else "250 ok"

    server = Server(at_recipient=at_recipient, answer=answer, features=features)
    with serving(server):
        dispatch = planned(cast, server, 50, now=now)
        with sending():
            until(lambda: not Message.objects.filter(state__in=["planned", "claimed", "dialling"]))
    assert tally(dispatch.pk).by_state == {"accepted": 20, "failed": 20, "deferred": 10}
    assert Suppression.objects.filter(reason="hard_bounce").count() == 10
    assert Message.objects.filter(reason="hard_bounce").count() == 10
    later = Message.objects.filter(state="deferred").values_list("due_at", flat=True)
    assert all(due > now + timedelta(minutes=5) for due in later)
    assert not is_finished(dispatch.pk)


def test_what_was_deferred_is_tried_again(cast: Cast, now: datetime) -> None:
    seen: Counter[str] = Counter()

    def answer(recipient: str) -> str:
        seen[recipient] += 1
        return "451 4.2.0 later" if seen[recipient] == 1 else "250 ok"

    with serving(Server(answer=answer)) as server:
        dispatch = planned(cast, server, 10, now=now)
        with sending():
            until(lambda: Message.objects.filter(state="deferred").count() == 10)
            Message.objects.filter(state="deferred").update(due_at=now)
            until(lambda: is_finished(dispatch.pk))
    assert tally(dispatch.pk).by_state == {"accepted": 10}
    assert set(Message.objects.values_list("attempt_count", flat=True)) == {2}


def test_a_server_that_closes_leaves_unknown_ones_and_harms_nobody_else(
    cast: Cast, now: datetime
) -> None:
    def answer(recipient: str) -> str:
        return "close" if recipient.startswith(("person3@", "person7@")) else "250 ok"

    with serving(Server(answer=answer)) as server:
        dispatch = planned(cast, server, 40, now=now, connections=2)
        with sending():
            until(lambda: is_finished(dispatch.pk))
    assert tally(dispatch.pk).by_state == {"accepted": 38, "unknown": 2}
    assert max(Counter(server.content_began).values()) == 1


@pytest.mark.requirement("R004")
def test_who_leaves_while_mail_is_queued_gets_nothing(cast: Cast, now: datetime) -> None:
    with serving(Server(delay_seconds=0.05)) as server:
        dispatch = planned(cast, server, 60, now=now, connections=1)
        leaver = Contact.objects.order_by("-id")[0]
        bounced = Contact.objects.order_by("-id")[1]
        moved = Contact.objects.order_by("-id")[2]
        with sending():
            until(lambda: len(server.kept) >= 3)
            assert Message.objects.get(contact=leaver).state in ("planned", "claimed")
            people.add_opt_out(leaver, now=now)
            people.add_suppression(bounced, "hard_bounce", now=now)
            Contact.objects.filter(pk=moved.pk).update(address_key=b"0123456789abcdef")
            until(lambda: is_finished(dispatch.pk))
    found = dict(
        Message.objects.filter(contact__in=[leaver, bounced, moved]).values_list(
            "contact_id", "reason"
        )
    )
    assert found == {
        leaver.pk: "opted_out_all",
        bounced.pk: "hard_bounce",
        moved.pk: "address_changed",
    }
    assert tally(dispatch.pk).by_state == {"accepted": 57, "refused": 3}
    assert len(server.content_began) == 57


def test_pause_resume_and_cancel_under_way(cast: Cast, now: datetime) -> None:
    with serving(Server(delay_seconds=0.02)) as server:
        dispatch = planned(cast, server, 80, now=now, connections=1)
        with sending():
            until(lambda: len(server.kept) >= 3)
            pause(dispatch.pk, now=now)
            until(lambda: not Message.objects.filter(state__in=["claimed", "dialling"]).exists())
            stood = len(server.kept)
            resume(dispatch.pk, now=now)
            until(lambda: len(server.kept) > stood + 3)
            cancel(dispatch.pk, now=now)
            until(lambda: is_finished(dispatch.pk))
    found = tally(dispatch.pk).by_state
    assert found["accepted"] + found["cancelled"] == 80
    assert found["accepted"] == len(server.kept)


def test_a_sender_that_stops_leaves_nothing_claimed(cast: Cast, now: datetime) -> None:
    with serving(Server(delay_seconds=0.02)) as server:
        dispatch = planned(cast, server, 60, now=now)
        with sending():
            until(lambda: len(server.kept) >= 5)
        found = tally(dispatch.pk).by_state
        assert set(found) == {"accepted", "planned"}
        assert found["accepted"] == len(server.kept)
        with sending():
            until(lambda: is_finished(dispatch.pk))
    assert len({recipient for recipient, _ in server.kept}) == len(server.kept) == 60


def test_two_senders_send_no_mail_twice(cast: Cast, now: datetime) -> None:
    with serving(Server()) as server:
        dispatch = planned(cast, server, 300, now=now)
        with sending(), sending():
            until(lambda: is_finished(dispatch.pk))
    assert len(server.content_began) == len(set(server.content_began)) == 300
