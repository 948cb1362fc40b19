"""No stored reason breaks a page: those we know are said, those of another version stand as is."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client

from sincerely.apps.campaigns import actions
from sincerely.apps.campaigns.rules import stages
from sincerely.apps.campaigns.rules.stages import Wall
from sincerely.apps.campaigns.views.wording import wall_words
from sincerely.apps.people.rules.why import Answer, Because
from sincerely.apps.people.views.why import TONES, sentence_of
from sincerely.apps.sending.models import Message, SkipReason, State
from tests.apps.campaigns.desk import draft, launch
from tests.apps.sending.people import marketing, opted_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db
REASONS = [*SkipReason.values, "of_tomorrow"]


def test_every_reason_of_a_message_that_waits_or_was_left_out_is_said(
    cast: Cast, client: Client, now: datetime
) -> None:
    kind = marketing(now)
    opted_in(len(REASONS), now=now, kind=kind)
    campaign = draft(cast, now=now)
    audience = {"include": [{"everyone": True}], "exclude": []}
    actions.set_audience(campaign.pk, audience=audience, now=now, actor=cast.actor)
    changes = {"subscription_type_id": kind.pk}
    actions.change_envelope(campaign.pk, changes=changes, now=now, actor=cast.actor)
    launch(campaign, cast, now=now)
    client.force_login(cast.alice)
    messages = Message.objects.filter(mailing_id=campaign.mailing_id).order_by("pk")
    assert messages.count() == len(REASONS)
    pages = [f"/mail/campaigns/{campaign.pk}/send/", f"/reports/campaigns/{campaign.pk}/"]
    why = f"/people/why/?campaign={campaign.pk}&contact="
    for state in (State.PLANNED, State.SKIPPED):
        for message, reason in zip(messages, REASONS, strict=True):
            Message.objects.filter(pk=message.pk).update(state=state, reason=reason)
        for page in pages:
            answer = client.get(page)
            assert answer.status_code == 200, (page, state)
        assert "of_tomorrow" in answer.content.decode()
        for message in messages:
            assert client.get(f"{why}{message.contact_id}").status_code == 200


def test_every_answer_has_a_sentence_and_a_tone() -> None:
    for answer in Answer:
        assert sentence_of(Because(answer, "of_tomorrow"))
        assert TONES[answer]
    assert sentence_of(Because(Answer.NOT_YET, "would_wait_of_tomorrow")).startswith("Not yet.")


def test_every_wall_has_its_words(cast: Cast, now: datetime) -> None:
    campaign = draft(cast, now=now)
    source = Path(stages.__file__).read_text(encoding="utf-8")
    codes = re.findall(r'Wall\("([a-z_]+)"', source)
    assert len(codes) == 8
    for code in codes:
        assert wall_words(Wall(code, "detail"), campaign).title
