"""The figures of the whole installation for monitoring: told by the web process' port."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import DatabaseError, connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sincerely.apps.operation.queries import STATES
from sincerely.web.queries import running
from sincerely.wire import clock

KEPT_SECONDS = 5.0
Figures = list[tuple[str, str, float]]


class InstallationFigures(Collector):
    """Asks the database when it is asked, at most once in a few seconds."""

    def __init__(self) -> None:
        self._known: Figures = []
        self._signs: dict[tuple[str, str], int] = {}
        self._read_at = 0.0

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing at the registration, which must not need the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures; where the database does not answer, say only that."""
        is_answering = self._refresh()
        yield GaugeMetricFamily(
            "sincerely_database_answers", "1 while the database answers", value=is_answering
        )
        if not is_answering:
            return
        for name, meaning, value in self._known:
            yield GaugeMetricFamily(name, meaning, value=value)
        processes = GaugeMetricFamily(
            "sincerely_processes", "Processes by kind and state", labels=["process", "state"]
        )
        for labels, count in sorted(self._signs.items()):
            processes.add_metric(labels, count)
        yield processes

    def _refresh(self) -> bool:
        if time.monotonic() - self._read_at < KEPT_SECONDS and self._known:
            return True
        try:
            self._known = list(_figures(clock.now()))
            self._signs = _signs()
        except (DatabaseError, OSError):
            self._known = []
        finally:
            connection.close()  # each scrape comes on a thread of its own
        self._read_at = time.monotonic()
        return bool(self._known)


def _figures(now: datetime) -> Iterator[tuple[str, str, float]]:
    found = running.backlog(now=now)
    yield "sincerely_messages_waiting", "Mails that have not left yet", found.waiting_count
    yield "sincerely_messages_underway", "Mails being handed over", found.underway_count
    yield "sincerely_messages_unknown", "Mails that may have arrived", found.unknown_count
    yield (
        "sincerely_outbox_age_seconds",
        "Age of the oldest due mail",
        _age(found.oldest_due_at, now),
    )
    yield "sincerely_captures_unfolded", "Opens and clicks to fold", found.unfolded_captures
    yield (
        "sincerely_fold_lag_seconds",
        "Age of the oldest of them",
        _age(found.oldest_capture_at, now),
    )
    yield "sincerely_outcomes_unfolded", "Deliveries to fold", found.unfolded_outcomes
    yield "sincerely_holds", "Reasons for which mailings wait", found.held_count
    yield "sincerely_work_at_work", "Imports and exports that are not done", found.work_count
    yield "sincerely_import_rows_done", "Rows taken by imports at work", found.work_rows_done
    yield "sincerely_import_rows_known", "Rows of imports at work", found.work_rows_known
    yield (
        "sincerely_transports_troubled",
        "Transports that do not work",
        len(running.troubled_transports()),
    )


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _signs() -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    for sign in running.signs(real_now=datetime.now(UTC)):
        for state in STATES:
            key = (sign.beat.process, state)
            counted[key] = counted.get(key, 0) + (sign.state == state)
    return counted
