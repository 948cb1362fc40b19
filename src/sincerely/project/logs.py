"""Structured logs on standard error; no address of a contact may appear in them.

For a person at a terminal the lines are coloured; for a file or a collector each is one JSON
object. Addresses are taken out of the finished line, so that none slips through in an exception,
a list or a library's own message.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from sincerely.wire.masking import without_addresses


def _masked(_logger: Any, _name: str, line: Any) -> str:
    """Take addresses out of a finished line; the last step of structlog's chain."""
    return without_addresses(str(line))


def configure_logging(level: str, *, form: str = "auto") -> None:
    """Send structlog and standard-library records, one line each, to standard error.

    `form` is json, console, or auto: console at a terminal, else json.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(form),
                _masked,
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [out]
    root.setLevel(level)
    logging.getLogger("django.request").setLevel("ERROR")


def _renderer(form: str) -> Any:
    at_terminal = sys.stderr.isatty()
    if form == "json" or (form == "auto" and not at_terminal):
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=at_terminal)
