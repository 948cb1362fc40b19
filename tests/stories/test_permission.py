"""Permission from end to end: who agreed gets it, whoever did not has a reason in the database."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings

from sincerely.apps.campaigns.actions.launch import NotReady
from sincerely.apps.consent.actions import complain, permit, withdraw
from sincerely.apps.consent.models import ConsentRecord, OptOut, Permission
from sincerely.apps.consent.queries import records_of
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.models import Contact
from sincerely.apps.interests.actions import assign
from sincerely.apps.labels.actions import create_label
from sincerely.apps.people.actions.exporting import start_export
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.tasks import finish_export
from sincerely.apps.sending.actions import plan_for_one
from sincerely.apps.sending.models import Message, SkipReason
from sincerely.apps.sending.queries import is_finished, tally
from tests.apps.people.desk import claim, table, taken
from tests.engines.sending_world import sending, until
from tests.stories.shop import Shop, states_of, unsubscribe_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
ONE_CLICK = "List-Unsubscribe=One-Click"
OPEN = {"planned", "claimed", "dialling", "deferred"}


@pytest.mark.requirement("R001", partial="workflow message")
def test_one_mail_and_three_reasons(shop: Shop) -> None:
    kind = shop.kind()
    shop.contact("yes", kind)
    shop.contact("never")
    out = shop.contact("out")
    withdrawn = shop.contact("withdrawn", kind)
    later = shop.later(hours=1)
    for contact in (out, withdrawn):
        withdraw(contact.pk, subscription_type_id=kind.pk, channel="manual", now=later)
    campaign = shop.send("June")
    assert shop.received() == {"yes@example.com": ["News: June"]}
    assert states_of(campaign.mailing_id) == {
        "yes@example.com": "",
        "never@example.com": "no_permission",
        "out@example.com": "opted_out",
        "withdrawn@example.com": "opted_out",
    }


@pytest.mark.requirement("R002")
def test_corrupt_evidence_is_refused_and_each_recipient_has_a_line(shop: Shop) -> None:
    kind = shop.kind()
    people = [shop.contact(f"person{n}", kind) for n in range(5)]
    altered, emptied = people[:2]
    ConsentRecord.objects.filter(contact=altered).update(
        payload=ConsentRecord.objects.get(contact=altered).payload.replace("card 7", "card 8")  # type: ignore[union-attr]
    )
    ConsentRecord.objects.filter(contact=emptied).update(salt=None, payload=None)
    campaign = shop.send("June")
    reasons = states_of(campaign.mailing_id)
    for contact in (altered, emptied):
        assert SkipReason(reasons[contact.address]).label == "no verifiable opt-in"
    assert set(shop.received()) == {contact.address for contact in people[2:]}
    export = start_export("evidence", campaign.mailing_id, now=shop.now, actor=shop.cast.actor)
    finish_export(export, now=shop.now)
    export.refresh_from_db()
    rows = table(path_of(export.stored_as).read_text())
    assert [row["E-mail"] for row in rows] == [contact.address for contact in people[2:]]
    assert {row["Verifiable"] for row in rows} == {"yes"}
    assert {row["Permission when sent"] for row in rows} == {"in"}
    assert {row["Document"] for row in rows} == {"card 7"}
    assert {row["IP address"] for row in rows} == {"192.0.2.1"}


TEN = "email\n" + "".join(f"c{n}@example.com\n" for n in range(10))


@pytest.mark.requirement("R003", partial="inbound ARF mail")
def test_ten_rows_without_an_origin_and_one_complaint(shop: Shop) -> None:
    taken(TEN, now=shop.now, actor=shop.cast.actor)
    assert Contact.objects.count() == 10
    with pytest.raises(NotReady) as refused:
        shop.plan(shop.draft("No origin"))
    assert [wall.code for wall in refused.value.walls] == ["nobody"]
    bea = shop.contact("bea", shop.kind())
    first = shop.send("No origin")
    assert shop.received() == {bea.address: ["News: No origin"]}
    assert Counter(states_of(first.mailing_id).values()) == {"no_permission": 10, "": 1}
    taken(TEN, now=shop.later(hours=1), actor=shop.cast.actor, claim=claim(shop.now))
    second = shop.send("With origin")
    assert set(states_of(second.mailing_id).values()) == {""}
    angry = Contact.objects.get(address="c3@example.com")
    message = Message.objects.get(mailing_id=second.mailing_id, contact=angry)
    complain(angry.pk, now=shop.later(days=1), message_id=message.pk)
    third = shop.send("Afterwards")
    reasons = states_of(third.mailing_id)
    assert {a: r for a, r in reasons.items() if r} == {"c3@example.com": "complaint"}
    assert len(shop.received()["c3@example.com"]) == 1


@pytest.mark.requirement("R004")
def test_who_leaves_while_mail_is_queued_and_delayed_gets_neither_and_stays_out(shop: Shop) -> None:
    taken(TEN, now=shop.now, actor=shop.cast.actor, claim=claim(shop.now))
    leaver, scanned = (Contact.objects.get(address=f"c{n}@example.com") for n in (1, 2))
    shop.send("First")
    queued = shop.plan(shop.draft("Second"))
    delayed = _delayed(shop, leaver, scanned)
    assert Message.objects.get(mailing_id=queued.mailing_id, contact=leaver).state == "planned"
    for _ in range(3):
        status, page = shop.ask(unsubscribe_in(shop.inbox(scanned)[0]))
        assert (status, page.startswith(settings.PUBLIC_URL)) == (302, True)
    address = unsubscribe_in(shop.inbox(leaver)[0])
    assert shop.inbox(leaver)[0]["List-Unsubscribe-Post"] == ONE_CLICK
    assert shop.ask(address, method="POST", body=ONE_CLICK)[0] == 200
    with sending():  # not folded yet: the gate reads what the tracker has answered
        until(lambda: is_finished(queued.mailing_id))
    second = Message.objects.get(mailing_id=queued.mailing_id, contact=leaver)
    assert (second.state, second.reason) == ("refused", "opted_out")
    assert {row.state for row in Message.objects.filter(mailing_id=delayed)} == {"planned"}
    shop.later(hours=3)  # not folded yet either
    with sending():
        until(lambda: not OPEN & set(tally(delayed).by_state))
    follow_up = Message.objects.get(mailing_id=delayed, contact=leaver)
    assert (follow_up.state, follow_up.reason) == ("refused", "opted_out")
    assert len(shop.inbox(leaver)) == 1
    assert shop.received()[scanned.address] == ["News: First", "News: Second", "News: Follow-up"]
    shop.settle()
    assert list(ConsentRecord.objects.filter(act="withdraw").values_list("contact", "channel")) == [
        (leaver.pk, "one_click")
    ]
    taken(TEN, now=shop.later(hours=1), actor=shop.cast.actor, claim=claim(shop.now, 2))
    label = create_label("Honden", now=shop.now, actor=shop.cast.actor)
    assign(leaver.pk, label.pk, route="manual", now=shop.now, actor=shop.cast.actor)
    assert not Permission.objects.get(contact=leaver).is_in
    third = shop.send("Third")
    assert {a: r for a, r in states_of(third.mailing_id).items() if r} == {
        leaver.address: "opted_out"
    }


def _delayed(shop: Shop, *contacts: Contact) -> int:
    """A workflow's mail to each of them in two hours, as its step will plan it; the mailing."""
    mailing_id, version_id = shop.open_as("automated", "Follow-up", kind=shop.kind())
    for number, contact in enumerate(contacts, 1):
        plan_for_one(
            contact.pk,
            mailing_id=mailing_id,
            occasion=number,
            version_id=version_id,
            due_at=shop.now + timedelta(hours=2),
            now=shop.now,
        )
    return mailing_id


@pytest.mark.requirement("R005", partial="resubscription mail")
def test_one_type_out_then_all_and_the_history_in_order(shop: Shop) -> None:
    news, events = shop.kind("Newsletter"), shop.kind("Events")
    ann, bea = (shop.contact(name, news, events) for name in ("ann", "bea"))

    def leave(kind_id: int | None, cause: str) -> None:
        withdraw(
            ann.pk,
            subscription_type_id=kind_id,
            channel="link",
            cause=cause,
            now=shop.later(hours=1),
        )

    leave(news.pk, "too often")
    shop.send("News", kind=news)
    shop.send("Event", kind=events)
    assert [mail["Subject"] for mail in shop.inbox(ann)] == ["News: Event"]
    assert len(shop.inbox(bea)) == 2
    leave(None, "no more mail")
    for kind in (news, events):
        campaign = shop.send(f"{kind.name} again", kind=kind)
        assert states_of(campaign.mailing_id) == {ann.address: "opted_out_all", bea.address: ""}
    shop.send_as("transactional", "Your order")
    assert [mail["Subject"] for mail in shop.inbox(ann)] == ["News: Event", "News: Your order"]
    history = [(r.act, r.subscription_type_id, r.cause) for r in reversed(records_of(ann.pk))]
    assert history[2:] == [
        ("withdraw", news.pk, "too often"),
        ("withdraw", None, "no more mail"),
    ]
    permit(
        ann.pk,
        subscription_type_id=events.pk,
        channel="import",
        evidence=2,
        proof=Proof(address=ann.address, document="a list"),
        now=shop.later(hours=1),
        actor=shop.cast.actor,
    )
    assert OptOut.objects.filter(contact=ann).exists()


@pytest.mark.requirement("R020")
def test_a_label_is_no_permission(shop: Shop) -> None:
    dogs = create_label("Honden", now=shop.now, actor=shop.cast.actor, kind="product")
    fan, reader = shop.contact("fan"), shop.contact("reader", shop.kind())
    for contact in (fan, reader):
        assign(contact.pk, dogs.pk, route="self", now=shop.now)
    audience = {"include": [{"label": dogs.pk}], "exclude": []}
    campaign = shop.send("Dogs", audience=audience)
    assert set(shop.received()) == {reader.address}
    assert states_of(campaign.mailing_id) == {fan.address: "no_permission", reader.address: ""}
