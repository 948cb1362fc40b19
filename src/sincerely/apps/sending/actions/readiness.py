"""The public address of the installation, and the holds of mailings that wait for readiness."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from sincerely.apps.sending.models import Dispatch, Hold
from sincerely.apps.sending.queries.readiness import locked_because, locks_of
from sincerely.apps.sending.rules.holds import Why, reason_of
from sincerely.apps.sending.rules.readiness import is_local
from sincerely.apps.team.models import Organisation

PLACED_BY = "readiness"
TIMEOUT_SECONDS = 10


def check_public_address(*, now: datetime) -> bool:
    """Ask the installation's own public addresses over the network; store whether they answer."""
    answers = not is_local(settings.PUBLIC_URL) and all(
        _answers(url) for url in (settings.PUBLIC_URL, settings.TRACKER_URL)
    )
    Organisation.objects.filter(pk=1).update(
        public_checked_at=now, public_url_checked=settings.PUBLIC_URL if answers else ""
    )
    if answers:
        lift_what_is_ready(now=now)
    return answers


def _answers(url: str) -> bool:
    import requests  # noqa: PLC0415 -- 0.06 s at each start, for one button

    try:
        return requests.get(url, timeout=TIMEOUT_SECONDS).status_code < 500
    except requests.RequestException:
        return False


def hold_while_locked(dispatch: Dispatch, *, now: datetime) -> None:
    """Make a mailing wait where its transport is still locked; the hold says why."""
    locks = locks_of(dispatch.sender, dispatch.transport)
    if locks:
        Hold.objects.create(
            mailing_id=dispatch.pk,
            reason=reason_of(Why.LOCKED, " ".join(locks)),
            placed_by=PLACED_BY,
            placed_at=now,
        )


def lift_what_is_ready(*, now: datetime) -> int:
    """Let go the mailings that waited only for what has now passed; returns how many."""
    lifted = 0
    with transaction.atomic():
        for hold in Hold.objects.filter(placed_by=PLACED_BY, lifted_at=None):
            dispatch = Dispatch.objects.select_related("sender", "transport").get(
                pk=hold.mailing_id
            )
            if not locked_because(dispatch.sender, dispatch.transport):
                lifted += Hold.objects.filter(pk=hold.pk).update(lifted_at=now)
    return lifted
