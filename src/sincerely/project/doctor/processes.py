"""Whether the processes run, by their signs of life: on any machine and at any address."""

from __future__ import annotations

import os
import socket
from collections import defaultdict
from datetime import UTC, datetime

from sincerely.apps.operation.models import Heartbeat
from sincerely.apps.operation.queries import RUNNING, SILENT, STUCK, heartbeats, state_of
from sincerely.apps.sending.models import Transport, TransportKind
from sincerely.project.doctor.verdicts import Finding
from sincerely.wire.health import PROCESSES


def signs_of_life() -> list[Finding]:
    """Return what is wrong with the processes; that none runs at all is told, not wrong.

    An installation that was just restored or upgraded is examined before it is started.
    """
    seen: dict[str, dict[str, list[Heartbeat]]] = defaultdict(lambda: defaultdict(list))
    for beat in heartbeats():
        seen[beat.process][_state(beat)].append(beat)
    if not any(states[RUNNING] or states[STUCK] for states in seen.values()):
        told = "Nothing runs: no mail leaves and no click is counted. Start `sincerely serve`."
        return [Finding(told, is_note=True, denies=True)]
    return [finding for process in PROCESSES for finding in _of(process, seen[process])]


def _state(beat: Heartbeat) -> str:
    """How a process is; on this machine one that is gone is known before it is missed."""
    state = state_of(beat, real_now=datetime.now(UTC))
    here = beat.host == socket.gethostname()[:120]
    return SILENT if here and not _exists(beat.process_id) else state


def _exists(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _of(process: str, states: dict[str, list[Heartbeat]]) -> list[Finding]:
    found = [
        Finding(f"The {process} process {_place(beat)} is stuck: start it again.")
        for beat in states[STUCK]
    ]
    is_needed = process != "mailbox" or _mailbox_is_used()
    if not states[RUNNING] and not states[STUCK]:
        told = f"No {process} process runs: start it, by `sincerely serve` for all of them."
        found.append(Finding(told, is_note=not is_needed))
    found += [
        Finding(
            f"The {process} process {_place(beat)} is silent since {beat.seen_at:%Y-%m-%d %H:%M}.",
            is_note=True,
        )
        for beat in states[SILENT]
    ]
    return found


def _place(beat: Heartbeat) -> str:
    return f"{beat.process_id} on {beat.host}"


def _mailbox_is_used() -> bool:
    return Transport.objects.filter(
        archived_at=None, is_default=True, kind=TransportKind.MAILBOX
    ).exists()
