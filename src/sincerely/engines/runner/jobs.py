"""What the runner does, and how often it looks."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sincerely.apps.campaigns import tasks as campaigns
from sincerely.apps.consent import tasks as consent
from sincerely.apps.engagement import tasks as engagement
from sincerely.apps.operation import tasks as operation
from sincerely.apps.people import tasks as people
from sincerely.apps.people.sample import tasks as sample
from sincerely.apps.segments import tasks as segments
from sincerely.apps.team import tasks as team


class Work(Protocol):
    """One step of coarse work; returns True when there is more to do at once."""

    def __call__(self, *, now: datetime, owner: str, stop: threading.Event) -> bool:
        """Do one short step and commit it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A step with the seconds of real time between two looks when there is nothing to do."""

    name: str
    work: Work
    every_seconds: float


JOBS = (
    Job("launch campaigns", campaigns.launch_due, 0.5),
    Job("plan campaigns", campaigns.plan_step, 0.2),
    Job("finish cancels", campaigns.finish_cancels, 10.0),
    Job("import", people.import_step, 0.5),
    Job("export", people.export_step, 0.5),
    Job("pet shop", sample.sample_step, 1.0),
    Job("keep stored sets", segments.keep_sets, 1.0),
    Job("refresh segments", segments.refresh_due, 5.0),
    Job("seal consent records", consent.seal, 1.0),
    Job("sweep pieces of files", operation.sweep_pieces, 600.0),
    Job("forget old signals", engagement.forget_old_signals, 600.0),
    Job("forget old API answers", team.forget_answers, 3600.0),
    Job("forget files of imports", people.forget_old_files, 600.0),
    Job("forget files of exports", people.forget_old_exports, 600.0),
)
