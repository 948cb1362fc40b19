"""Why a mailing waits is stored as a code and said in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.sending.actions import open_dispatch
from sincerely.apps.sending.models import Hold, Transport
from sincerely.apps.sending.queries import waiting_because
from sincerely.apps.sending.rules import holds
from sincerely.apps.sending.rules.holds import Why, reason_of, words_of
from tests.apps.campaigns import desk
from tests.cast import Cast


@pytest.mark.parametrize("why", list(Why))
def test_every_code_has_words(why: Why) -> None:
    details = {Why.RESTORED: "2026-11-22T10:00+00:00", Why.LOCKED: "spf dmarc", Why.DIFFERS: "html"}
    stored = reason_of(why, details.get(why, "550 5.7.1 100 % no: really"))
    said = words_of(stored, gettext, shown=str)
    assert said
    assert said != stored
    if why not in details and why is not Why.NO_CONTENT:
        assert "550 5.7.1 100 % no: really" in said


def test_a_restore_says_the_moment_of_the_backup() -> None:
    stored = holds.restored(datetime(2026, 11, 22, 10, 0, tzinfo=UTC))
    with timezone.override("Europe/Amsterdam"), translation.override("en"):
        assert Hold(reason=stored).words.startswith("Restored from a backup of 22 Nov 2026, 11:00.")
    with timezone.override("America/New_York"), translation.override("sv"):
        assert "22 nov 2026, 05:00" in Hold(reason=stored).words.lower()


def test_what_a_person_wrote_is_shown_as_it_is() -> None:
    for written in ("Wait for Ann: she decides", "restored: by Ann"):
        assert words_of(written, gettext, shown=str) == written


@pytest.mark.django_db
def test_readers_see_it_in_their_own_language(cast: Cast, now: datetime) -> None:
    """It was stored in the language of whoever happened to launch the mailing."""
    campaign: Campaign = desk.draft(cast, now=now)
    assert campaign.sender_id is not None
    relay = Transport.objects.create(name="relay", kind="smtp", host="mx.example", created_at=now)
    with translation.override("sv"):
        open_dispatch(
            campaign.mailing_id,
            sender_id=campaign.sender_id,
            transport_id=relay.pk,
            subscription_type_id=None,
            now=now,
        )
    stored = Hold.objects.get(mailing_id=campaign.mailing_id).reason
    assert stored == "locked: unchecked local_address"
    said = {}
    for language in ("en", "da", "nl", "sv"):
        with translation.override(language):
            said[language] = waiting_because(campaign.mailing_id)[0]
    assert "public address is a local one" in said["en"]
    assert "offentlige adresse er lokal" in said["da"]
    assert len(set(said.values())) == 4
