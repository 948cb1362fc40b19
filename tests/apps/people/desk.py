"""What the import and export tests share: files, choices, and working without a runner."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from sincerely.apps.consent.actions.types import default_subscription_type
from sincerely.apps.people.actions.imports import bring_file, choose, start
from sincerely.apps.people.models import Import
from sincerely.apps.people.rules.choices import Choices, Claim, from_json
from sincerely.apps.people.tasks import finish
from sincerely.apps.team.rules import Actor


def bring(text: str | bytes, *, now: datetime, actor: Actor, kind: str = "contacts") -> Import:
    content = text.encode() if isinstance(text, str) else text
    return bring_file([content], file_name="people.csv", now=now, actor=actor, kind=kind)


def chosen(work: Import, **changes: object) -> Choices:
    return from_json(work.choices).with_(**changes)


def checked(
    text: str | bytes, *, now: datetime, actor: Actor, kind: str = "contacts", **changes: object
) -> Import:
    work = bring(text, now=now, actor=actor, kind=kind)
    choose(work.pk, chosen(work, **changes), now=now, actor=actor)
    return finish(work, now=now)


def taken(text: str | bytes, *, now: datetime, actor: Actor, **changes: object) -> Import:
    work = checked(text, now=now, actor=actor, **changes)
    assert work.state == "checked", (work.state, work.error)
    start(work.pk, now=now, actor=actor)
    return finish(work, now=now)


def claim(now: datetime, evidence: int = 1) -> Claim:
    return Claim(default_subscription_type(now).pk, evidence=evidence, document="paper form 7")


def table(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))
