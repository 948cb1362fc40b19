"""Writes of the sending domain: one function per use case."""

from sincerely.apps.sending.actions.dispatches import (
    cancel,
    leave_unknown,
    lift_hold,
    open_dispatch,
    pause,
    place_hold,
    repeat_unknown,
    resume,
    switch_off,
)
from sincerely.apps.sending.actions.plan import PlanProgress, plan_for_one, plan_slice
from sincerely.apps.sending.actions.senders import ensure_default_sender
from sincerely.apps.sending.actions.tests import send_test

__all__ = [
    "PlanProgress",
    "cancel",
    "ensure_default_sender",
    "leave_unknown",
    "lift_hold",
    "open_dispatch",
    "pause",
    "place_hold",
    "plan_for_one",
    "plan_slice",
    "repeat_unknown",
    "resume",
    "send_test",
    "switch_off",
]
