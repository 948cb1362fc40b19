"""What a process counts for monitoring, and how it feels: one registry per process.

Labels hold states, reasons and names of ours, never a value of a person. Counting costs about a
microsecond, so hot paths count once per batch.
"""

from __future__ import annotations

import logging
import re
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector

from sincerely.wire.masking import without_addresses

REGISTRY = CollectorRegistry()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COMMIT_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)

SETTLED = Counter(
    "sincerely_settled_messages", "Hand-overs by outcome", ["state"], registry=REGISTRY
)
REFUSED = Counter(
    "sincerely_gate_refusals", "Mails stopped by the gate at the hand-over", ["reason"],
    registry=REGISTRY,
)  # fmt: skip
CAPTURED = Counter("sincerely_captures", "Requests of readers, stored", registry=REGISTRY)
CAPTURE_COMMIT = Histogram(
    "sincerely_capture_commit_seconds", "Time of one group commit of captures",
    buckets=COMMIT_BUCKETS, registry=REGISTRY,
)  # fmt: skip
CAPTURES_FAILING = Gauge(
    "sincerely_captures_failing", "1 while captures cannot be stored", registry=REGISTRY
)
FOLDED = Counter("sincerely_folded_rows", "Rows taken by the fold", ["step"], registry=REGISTRY)
JOB_FAILURES = Counter(
    "sincerely_job_failures", "Steps of coarse work that failed", ["job"], registry=REGISTRY
)
ERRORS = Counter("sincerely_errors", "Errors logged", registry=REGISTRY)
ProcessCollector(registry=REGISTRY)


class Collector(Protocol):
    """Gives metrics when they are asked for."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return what there is to tell now."""


@dataclass(slots=True)
class Feeling:
    """How this process is: when its loop last came round, and what last went wrong."""

    process: str = ""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    turned_at: float = 0.0
    error_count: int = 0
    trouble: str = ""
    trouble_at: datetime | None = None
    lasting: set[str] = field(default_factory=set)  # troubles that are tried again until they end

    def seconds_since_turn(self) -> float:
        """Return how long ago the main loop came round (real time)."""
        return time.monotonic() - self.turned_at


feeling = Feeling()
PLACEHOLDERS = re.compile(r"%[sdr]")


def begin(process: str) -> None:
    """Name this process, once, and remember its errors from now on."""
    feeling.process, feeling.started_at = process, datetime.now(UTC)
    turned()
    logging.getLogger().addHandler(Remembering(level=logging.ERROR))
    up = Gauge("sincerely_process_up", "The process", ["process"], registry=REGISTRY)
    up.labels(process).set(1)
    age = Gauge(
        "sincerely_turn_age_seconds", "Since the main loop last came round", registry=REGISTRY
    )
    age.set_function(feeling.seconds_since_turn)


def turned() -> None:
    """Say that the main loop has come round once more."""
    feeling.turned_at = time.monotonic()


def fails(log: Any, event: str, **facts: object) -> None:
    """Log the exception of a trouble that is tried again: once, however often it comes back."""
    if event not in feeling.lasting:
        feeling.lasting.add(event)
        log.error(event, exc_info=True, **facts)  # noqa: LOG014 -- the caller handles it
    feeling.trouble_at = datetime.now(UTC)


def works(log: Any, event: str) -> None:
    """Say that a trouble is over, if there was one; costs nothing where there was none."""
    if event in feeling.lasting:
        feeling.lasting.discard(event)
        feeling.trouble, feeling.trouble_at = "", None
        log.warning("over", trouble=event)


def text() -> bytes:
    """Return all metrics of this process as Prometheus reads them."""
    return generate_latest(REGISTRY)


def memory_bytes() -> int:
    """Return the resident memory of this process."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


class Remembering(logging.Handler):
    """Counts errors and keeps the last one's words, which never hold what the error was about."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        event = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
        words = without_addresses(str(event).partition("\n")[0])  # libraries put values into theirs
        if not PLACEHOLDERS.sub("", words).strip(" :"):  # Django's "%s: %s": the values are all
            words = record.name
        kind = _class_of(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
        if isinstance(record.msg, dict) and not kind:
            kind = _kind_of(record.msg)
        ERRORS.inc()
        feeling.error_count += 1
        feeling.trouble = f"{words} ({kind})" if kind else words
        feeling.trouble_at = datetime.now(UTC)


def _class_of(problem: BaseException) -> str:
    """Return the class of an exception; of Django's, what the database's own library said."""
    is_wrapped = problem.__cause__ is not None and hasattr(problem.__cause__, "sqlstate")
    return type(problem.__cause__ if is_wrapped else problem).__name__


def _kind_of(event: dict[str, object]) -> str:
    """Return the class of the exception at the end of a formatted traceback."""
    last = str(event.get("exception", "")).strip().rpartition("\n")[2]
    return last.partition(":")[0].rpartition(".")[2][:60]
