"""Why did, or didn't, somebody get a campaign: the rule and the page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.consent import actions as consent
from sincerely.apps.consent.models import Suppression
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts import actions as contacts
from sincerely.apps.contacts.models import Contact
from sincerely.apps.content.models import Content
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.interests.actions import assign
from sincerely.apps.labels.models import Label
from sincerely.apps.people.rules.why import Answer, Facts, because
from sincerely.apps.people.views.why import SENTENCES
from sincerely.apps.sending.models import (
    Attempt,
    Dispatch,
    Message,
    SenderIdentity,
    SkipReason,
    State,
    Transport,
)
from tests.cast import Cast


@pytest.fixture
def ann(cast: Cast, now: datetime) -> Contact:
    return contacts.create_contact(
        "ann@example.com", now=now, actor=cast.actor, first_name="Ann", last_name="Berg"
    )


@pytest.fixture
def dogs(cast: Cast, now: datetime) -> Label:
    return Label.objects.create(name="Honden", created_at=now)


@pytest.fixture
def spring(cast: Cast, dogs: Label, now: datetime) -> Campaign:
    """A campaign to dog lovers, not yet launched."""
    mailing = Mailing.objects.create(tag="campaign", name="Spring", created_at=now)
    content = Content.objects.create(brand=cast.brand, created_at=now, changed_at=now)
    return Campaign.objects.create(
        name="Spring",
        mailing=mailing,
        content=content,
        subscription_type=consent.default_subscription_type(now),
        audience={"include": [{"label": dogs.pk}], "exclude": []},
        created_at=now,
        changed_at=now,
    )


def launch(campaign: Campaign, cast: Cast, now: datetime) -> None:
    sender = SenderIdentity.objects.create(
        brand=cast.brand, name="Shop", address="shop@example.com", created_at=now
    )
    transport = Transport.objects.create(name="one", kind="mailbox", created_at=now)
    Dispatch.objects.create(
        mailing=campaign.mailing,
        sender=sender,
        transport=transport,
        subscription_type_id=campaign.subscription_type_id,
        is_planned=True,
        created_at=now,
    )
    Campaign.objects.filter(pk=campaign.pk).update(stage="launched", launched_at=now)


def message(
    campaign: Campaign, contact: Contact, now: datetime, *, state: str, reason: str = ""
) -> Message:
    return Message.objects.create(
        mailing=campaign.mailing,
        contact=contact,
        nonce=b"123456",
        address_key=bytes(contact.address_key),
        state=state,
        reason=reason,
        due_at=now,
        planned_at=now,
        finished_at=now,
    )


def let_in(contact: Contact, campaign: Campaign, cast: Cast, now: datetime) -> None:
    consent.permit(
        contact.pk,
        subscription_type_id=campaign.subscription_type_id or 0,
        channel="form",
        evidence=1,
        proof=Proof(address=contact.address, document="Card 7"),
        now=now,
        actor=cast.actor,
    )


def ask(cast: Cast, campaign: Campaign, who: str = "ann@example.com") -> str:
    client = Client()
    client.force_login(cast.vera)
    answer = client.get("/people/why/", {"who": who, "campaign": campaign.pk})
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_every_reason_of_the_gate_and_every_code_has_its_sentence() -> None:
    codes = {reason.value for reason in SkipReason}
    for state in ("", *State.values):
        for stage in ("draft", "scheduled", "launched", "paused", "cancelled"):
            for fits in (True, False, None):
                facts = Facts(state=state, stage=stage, fits_audience=fits, is_planned=True)
                codes.add(because(facts).code)
                codes.add(because(Facts(stage=stage, fits_audience=fits)).code)
    codes.add(because(Facts(has_audience=False)).code)
    for reason in ("capped", "quiet_hours"):
        for state in ("planned", "deferred"):
            codes.add(because(Facts(state=state, reason=reason)).code)
        codes.add(because(Facts(fits_audience=True, would_wait=reason)).code)
    assert codes - set(SENTENCES) == set()


@given(
    st.sampled_from(["skipped", "refused"]),
    st.sampled_from(SkipReason.values),
    st.booleans(),
    st.sampled_from(["draft", "launched", "cancelled"]),
)
def test_a_stored_reason_always_decides(state: str, reason: str, fits: bool, stage: str) -> None:
    facts = Facts(state=state, reason=reason, stage=stage, fits_audience=fits)
    assert because(facts).answer is Answer.NO
    assert because(facts).code == reason


def test_stored_refusal_is_told_with_its_record(
    cast: Cast, ann: Contact, spring: Campaign, now: datetime
) -> None:
    let_in(ann, spring, cast, now - timedelta(days=9))
    consent.withdraw(
        ann.pk,
        subscription_type_id=None,
        channel="one_click",
        now=now - timedelta(days=1),
        cause="one click",
    )
    launch(spring, cast, now)
    message(spring, ann, now, state="skipped", reason="opted_out_all")
    page = ask(cast, spring)
    assert "Ann Berg opted out of all marketing mail." in page
    assert "one-click unsubscribe" in page


def test_not_in_the_audience_names_the_part_that_did_not_fit(
    cast: Cast, ann: Contact, spring: Campaign, dogs: Label, now: datetime
) -> None:
    launch(spring, cast, now)
    page = ask(cast, spring)
    assert "Ann Berg is not among the people whom “Spring” was sent to." in page
    assert "Honden" in page
    assert "does not fit" in page
    assign(ann.pk, dogs.pk, route="manual", now=now + timedelta(hours=1), actor=cast.actor)
    page = ask(cast, spring)
    assert "was not among the people of “Spring” when it left, but would be now." in page


def test_before_the_launch_it_says_what_would_happen(
    cast: Cast, ann: Contact, spring: Campaign, dogs: Label, now: datetime
) -> None:
    assert "Ann Berg is not among its people." in ask(cast, spring)
    assign(ann.pk, dogs.pk, route="manual", now=now, actor=cast.actor)
    page = ask(cast, spring)
    assert "is among its people, but:" in page
    assert "Ann Berg never agreed to this kind of mail." in page
    let_in(ann, spring, cast, now)
    assert "Ann Berg will get it as it stands." in ask(cast, spring)


def test_bounce_says_what_the_server_said(
    cast: Cast, ann: Contact, spring: Campaign, now: datetime
) -> None:
    launch(spring, cast, now)
    sent = message(spring, ann, now, state="failed")
    Attempt.objects.create(
        message=sent, at=now, outcome="failed", code=550, text="5.1.1 no such user"
    )
    page = ask(cast, spring)
    assert "The receiving server refused “Spring” for Ann Berg." in page
    assert "5.1.1 no such user" in page


def test_suppressed_address_shows_why_it_is(
    cast: Cast, ann: Contact, spring: Campaign, now: datetime
) -> None:
    row = consent.suppress(bytes(ann.address_key), reason="manual", now=now, detail="asked us to")
    launch(spring, cast, now)
    message(spring, ann, now, state="skipped", reason="suppressed")
    page = ask(cast, spring)
    assert "on the suppression list" in page
    assert "asked us to" in page
    assert Suppression.objects.get().pk == row.pk


def test_sent_is_yes_and_people_are_found_by_name(
    cast: Cast, ann: Contact, spring: Campaign, now: datetime
) -> None:
    launch(spring, cast, now)
    message(spring, ann, now, state="accepted")
    assert "Yes. Ann Berg got “Spring”" in ask(cast, spring, "berg")
    other = contacts.create_contact(
        "otto@example.com", now=now, actor=cast.actor, first_name="Otto", last_name="Berg"
    )
    page = ask(cast, spring, "berg")
    assert "Who is meant?" in page
    assert f"contact={other.pk}" in page
    assert "Nobody here has this address or name." in ask(cast, spring, "nobody@example.com")


def test_page_is_in_the_menu_so_three_clicks_from_home_are_enough(cast: Cast) -> None:
    client: Any = Client()
    client.force_login(cast.vera)
    assert 'href="/people/why/"' in client.get("/people/").content.decode()
