"""Campaigns from end to end: audience by page, schedule, blocks by label, tags, the report."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.campaigns import actions as campaigns
from sincerely.apps.campaigns.rules.schedule import At
from sincerely.apps.consent.actions import complain, withdraw
from sincerely.apps.contacts.actions import add_to_list, create_list
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.actions import record
from sincerely.apps.engagement.models import Delivery, EventKind, MailingTag
from sincerely.apps.interests.actions import assign
from sincerely.apps.labels.actions import create_label
from sincerely.apps.reports.queries.campaigns import totals_by_tag
from sincerely.apps.reports.queries.outcomes import outcome_counts, people_with
from sincerely.apps.segments.queries import count
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import tally
from sincerely.wire import clock
from tests.apps.campaigns.desk import run
from tests.engines.sending_world import sending, until
from tests.stories.shop import (
    ABOUT,
    CATS,
    OFFERS,
    Shop,
    html_of,
    links_in,
    pixel_in,
    unsubscribe_in,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]


@pytest.mark.requirement("R060")
def test_two_lists_one_copy_and_the_page_counts_everybody_once(shop: Shop) -> None:
    kind = shop.kind()
    people = [shop.contact(f"person{n}", kind) for n in range(6)]
    stranger = shop.contact("stranger")
    withdraw(people[5].pk, subscription_type_id=None, channel="link", now=shop.later(hours=1))
    given: dict[str, Any] = {"now": shop.now, "actor": shop.cast.actor}
    lists = {name: create_list(name, **given) for name in ("First", "Second", "Without")}
    for name, members in {
        "First": [*people[:4], people[5]],
        "Second": [*people[2:5], stranger],
        "Without": [people[4]],
    }.items():
        add_to_list(lists[name].pk, [one.pk for one in members], **given)
    campaign = shop.draft("June", audience={"include": [], "exclude": []})
    bob = Client()
    bob.force_login(shop.cast.bob)
    page = f"/mail/campaigns/{campaign.pk}/people/"
    chosen = {
        "include": [f"list:{lists[name].pk}" for name in ("First", "Second")],
        "exclude": [f"list:{lists['Without'].pk}"],
    }
    assert bob.post(page, chosen).status_code == 302
    shown = bob.get(page).context
    assert (shown["will_get_it"], shown["left_out_count"]) == (4, 3)
    left_out = {reason: count for reason, _words, count in shown["left_out"]}
    assert left_out == {"no_permission": 1, "opted_out_all": 1, "excluded": 1}
    shop.plan(campaign)
    shop.deliver(campaign.mailing_id)
    assert {a: len(mails) for a, mails in shop.received().items()} == {
        person.address: 1 for person in people[:4]
    }
    counted = tally(campaign.mailing_id)
    in_audience = shown["left_out_count"] - left_out["excluded"]
    assert counted.audience_count == shown["will_get_it"] + in_audience
    assert counted.accepted_count == 4


@pytest.mark.requirement("R061")
def test_nothing_leaves_before_its_time_and_what_is_cancelled_stays(shop: Shop) -> None:
    kind = shop.kind()
    people = [shop.contact(f"person{n}", kind) for n in range(90)]
    at = shop.now + timedelta(hours=6)
    campaign = shop.plan(shop.draft("Evening"), schedule=At(at))
    shop.later(hours=5, minutes=59)
    run(shop.now)
    with sending() as stop:
        stop.wait(0.5)
    assert shop.received() == {}
    shop.later(minutes=2)
    run(shop.now)
    shop.deliver(campaign.mailing_id)
    assert Counter({a: len(m) for a, m in shop.received().items()}) == Counter(
        contact.address for contact in people
    )
    shop.server.delay_seconds = 0.1
    shop.server.began_at.clear()
    second = shop.plan(shop.draft("Second"))
    with sending():
        until(lambda: len(shop.server.kept) > len(people))
        campaigns.cancel_campaign(second.pk, now=shop.now, actor=shop.cast.actor)
        cancelled_at = time.monotonic()
        until(lambda: tally(second.mailing_id).open_count == 0)
    assert max(shop.server.began_at.values()) - cancelled_at <= 1, "as soon as whoever leaves"
    states = tally(second.mailing_id).by_state
    assert states["cancelled"] > 0
    assert states["accepted"] == len(shop.server.kept) - len(people)
    assert states["accepted"] + states["cancelled"] == len(people)


def _block(number: int, words: str, **more: Any) -> dict[str, Any]:
    settings = {"html": f"<p>{words}</p>"}
    return {"id": f"b{number}", "type": "text", "settings": settings, **more}


@pytest.mark.requirement("R066")
def test_dog_and_cat_people_and_the_others_each_get_their_own_mail(shop: Shop) -> None:
    kind = shop.kind()
    dogs, cats = (
        create_label(name, now=shop.now, actor=shop.cast.actor) for name in ("Honden", "Katten")
    )
    dora, cleo, nemo = (shop.contact(name, kind) for name in ("dora", "cleo", "nemo"))
    assign(dora.pk, dogs.pk, route="manual", now=shop.now, actor=shop.cast.actor)
    assign(cleo.pk, cats.pk, route="manual", now=shop.now, actor=shop.cast.actor)

    def having(label: Any) -> dict[str, Any]:
        return {"criterion": "label", "test": "has", "label": label.pk}

    cat_or_else = _block(3, "Cat news", shown_to=having(cats), otherwise=_block(4, "News for all"))
    blocks = [_block(1, "Dog news", shown_to=having(dogs)), cat_or_else]
    shop.send("Pets", mode="blocks", document={"version": 1, "blocks": blocks})
    expected = {dora: (True, False, True), cleo: (False, True, False), nemo: (False, False, True)}
    variants = set()
    for contact, wanted in expected.items():
        (mail,) = shop.inbox(contact)
        text = mail.get_body(("plain",))
        assert text is not None
        for body in (html_of(mail), str(text.get_content())):
            found = tuple(words in body for words in ("Dog news", "Cat news", "News for all"))
            assert found == wanted, contact
        variants.add(Message.objects.get(contact=contact).shown_blocks)
    assert len(variants) == 3, "the variant that each one got is stored"


@pytest.mark.requirement("R069")
def test_one_of_each_tag_and_the_totals_add_up(shop: Shop) -> None:
    kind = shop.kind()
    for name in ("ann", "bea"):
        shop.contact(name, kind)
    shop.contact("stranger")
    mailings = {
        "campaign": shop.send("Offer").mailing_id,
        "automated": shop.send_as("automated", "Welcome", kind=kind),
        "transactional": shop.send_as("transactional", "Your order"),
    }
    assert totals_by_tag() == {"campaign": 2, "automated": 2, "transactional": 3}
    assert sum(totals_by_tag().values()) == len(shop.server.kept) == 7
    for tag, mailing_id in mailings.items():
        sent = Message.objects.filter(mailing_id=mailing_id, state="accepted")
        assert set(sent.values_list("mailing__tag", flat=True)) == {tag}
        assert sent.count() == totals_by_tag()[tag]
    vera = Client()
    vera.force_login(shop.cast.vera)
    page = vera.get("/reports/")
    assert page.status_code == 200
    shown = dict(page.context["totals"])
    assert shown == {MailingTag(tag).label: n for tag, n in totals_by_tag().items()}


def _react(shop: Shop, people: dict[str, Contact], mailing_id: int) -> None:
    """Everybody does one thing with the mail, over HTTP; the complaint comes by the program."""
    mails = {name: mails[0] for name, one in people.items() if (mails := shop.inbox(one))}
    shop.later(seconds=1)
    for address in links_in(mails["scanned"]):
        shop.ask(address, ip="127.0.0.9")
    shop.later(hours=1)
    shop.click(mails["acted"], OFFERS, ip="127.0.0.2")
    shop.click(mails["clicked"], ABOUT, ip="127.0.0.3")
    shop.ask(pixel_in(mails["opened"]), ip="127.0.0.4")
    shop.click(mails["unsubscribed"], CATS, ip="127.0.0.5")
    shop.later(minutes=20)
    leave = unsubscribe_in(mails["unsubscribed"])
    shop.ask(leave, method="POST", body="List-Unsubscribe=One-Click")
    angry = people["complained"]
    message = Message.objects.get(mailing_id=mailing_id, contact=angry)
    complain(angry.pk, now=shop.now, message_id=message.pk)
    facts = {"mailing_id": mailing_id, "message_id": message.pk}
    record(EventKind.COMPLAINED, angry.pk, at=shop.now, **facts)
    shop.settle()


@pytest.mark.requirement("R108")
def test_each_recipient_is_under_one_outcome_and_they_add_up_to_sent(shop: Shop) -> None:
    kind = shop.kind()
    outcomes = ("acted", "clicked", "opened", "nothing", "bounced", "unsubscribed", "complained")
    people = {name: shop.contact(name, kind) for name in (*outcomes, "scanned")}
    shop.contact("never")
    shop.server.at_recipient = lambda recipient: (
        "550 5.1.1 User unknown" if recipient.startswith("bounced@") else "250 ok"
    )
    campaign = shop.send("June")
    _react(shop, people, campaign.mailing_id)
    counted = outcome_counts(campaign.mailing_id)
    expected = dict.fromkeys(outcomes, 1) | {"nothing": 2, "unknown": 0}
    assert counted == expected
    sent = Delivery.objects.filter(mailing_id=campaign.mailing_id, sent_at__isnull=False).count()
    assert sum(counted.values()) == sent == 8
    listed = {o: {row.contact_id for row in people_with(campaign.mailing_id, o)} for o in outcomes}
    assert listed["nothing"] == {people["nothing"].pk, people["scanned"].pk}
    assert all(listed[o] == {people[o].pk} for o in outcomes if o != "nothing")
    ann = Client()
    ann.force_login(shop.cast.ann_lyst)
    page = f"/reports/campaigns/{campaign.pk}/recipients"
    for outcome in outcomes:
        text = ann.get(f"{page}/", {"outcome": outcome}).content.decode()
        shown = {name for name, one in people.items() if one.address in text}
        assert shown == {outcome} | ({"scanned"} if outcome == "nothing" else set())
    answer = ann.get(f"{page}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert Counter(row["outcome"] for row in rows) == +Counter(counted)


@pytest.mark.requirement("R037")
def test_a_scanner_of_every_link_never_comes_into_list_one(shop: Shop) -> None:
    """Each takes all links, in another manner; list 1 is who clicked the call to action."""
    kind = shop.kind()
    reader, hasty, heads, night = (
        shop.contact(name, kind) for name in ("ann", "hasty", "heads", "night")
    )
    campaign = shop.send("Permission pass")
    shop.later(seconds=2)
    for address in links_in(shop.inbox(hasty)[0]):
        shop.ask(address, ip="127.0.0.7")
    shop.later(seconds=40)
    for address in links_in(shop.inbox(heads)[0]):
        for method in ("HEAD", "GET"):
            shop.ask(address, method=method, ip="127.0.0.8")
    shop.later(hours=5)
    for address in links_in(shop.inbox(night)[0]):
        shop.ask(address, ip="127.0.0.9")
    shop.click(shop.inbox(reader)[0], OFFERS)
    shop.settle()
    list_1 = {
        "criterion": "mail",
        "did": "clicked",
        "mailing": campaign.mailing_id,
        "target": "action",
    }
    assert count(list_1, now=clock.now()) == 1
    assert [row.contact_id for row in people_with(campaign.mailing_id, "acted")] == [reader.pk]
    for contact in (hasty, heads, night):
        assert len(links_in(shop.inbox(contact)[0])) == 4
        delivery = Delivery.objects.get(contact=contact)
        assert delivery.human_click_count == 0
        assert delivery.machine_click_count > 0
