"""The timeline says in the reader's language what the program stored about an act."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

from django.utils import translation

from sincerely.apps.people.queries.contact_page import Moment
from sincerely.apps.people.views.moments import told


def test_a_stored_cause_is_said_in_danish(now: datetime) -> None:
    row = SimpleNamespace(
        kind="unsubscribed",
        verdict="human",
        mailing=None,
        link=None,
        is_simulated=False,
        detail="this kind of mail",
    )
    with translation.override("da"):
        assert told(Moment(now, "event", 1, row)).text == "denne slags mail"
    row.detail = "written by hand"
    assert told(Moment(now, "event", 1, row)).text == "written by hand"
