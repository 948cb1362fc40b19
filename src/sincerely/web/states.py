"""State words of the product: each with a tone (colour), an icon (shape), a sentence.

A page names the state by the word that the model stores; colour alone never carries meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

_S = "state"


@dataclass(frozen=True, slots=True)
class State:
    """How one state is shown."""

    label: str | Promise
    tone: str
    icon: str


GOOD, BUSY, WAIT, BAD, CALM = "good", "busy", "wait", "bad", "calm"

STATES: dict[str, State] = {
    # permission
    "in": State(_p(_S, "Agreed"), GOOD, "circle-check"),
    "out": State(_p(_S, "Opted out"), BAD, "ban"),
    "unspecified": State(_p(_S, "Never asked"), CALM, "circle-dashed"),
    "permitted": State(_p(_S, "Permitted"), GOOD, "circle-check"),
    "withdrawn": State(_p(_S, "Withdrawn"), BAD, "ban"),
    "suppressed": State(_p(_S, "Suppressed"), BAD, "ban"),
    "opted_out": State(_p(_S, "Opted out"), BAD, "ban"),
    "complained": State(_p(_S, "Complained"), BAD, "alert-triangle"),
    # contacts
    "active": State(_p(_S, "Active"), GOOD, "circle-check"),
    "inactive": State(_p(_S, "Inactive"), CALM, "moon"),
    "asleep": State(_p(_S, "Asleep"), CALM, "moon"),
    "drifting": State(_p(_S, "Drifting"), WAIT, "circle-dot"),
    "new": State(_p(_S, "New"), BUSY, "sparkles"),
    "erased": State(_p(_S, "Erased"), CALM, "circle-minus"),
    "merged": State(_p(_S, "Merged"), CALM, "circle-minus"),
    "paused": State(_p(_S, "Paused"), WAIT, "player-pause"),
    # work and campaigns
    "draft": State(_p(_S, "Draft"), CALM, "edit"),
    "planned": State(_p(_S, "Planned"), WAIT, "clock"),
    "planning": State(_p(_S, "Planning"), BUSY, "refresh"),
    "scheduled": State(_p(_S, "Scheduled"), WAIT, "clock"),
    "waiting": State(_p(_S, "Waiting"), WAIT, "clock"),
    "queued": State(_p(_S, "Waiting"), WAIT, "clock"),
    "ready": State(_p(_S, "Ready"), GOOD, "circle-check"),
    "running": State(_p(_S, "Running"), BUSY, "player-play"),
    "sending": State(_p(_S, "Sending"), BUSY, "send"),
    "stopping": State(_p(_S, "Stopping"), WAIT, "player-stop"),
    "stopped": State(_p(_S, "Stopped"), CALM, "player-stop"),
    "finished": State(_p(_S, "Finished"), GOOD, "circle-check"),
    "done": State(_p(_S, "Done"), GOOD, "circle-check"),
    "failed": State(_p(_S, "Failed"), BAD, "circle-x"),
    "cancelled": State(_p(_S, "Cancelled"), CALM, "circle-minus"),
    "archived": State(_p(_S, "Archived"), CALM, "folder"),
    "checking": State(_p(_S, "Checking"), BUSY, "refresh"),
    "held": State(_p(_S, "On hold"), WAIT, "hand-stop"),
    # messages and events
    "claimed": State(_p(_S, "Being sent"), BUSY, "send"),
    "dialling": State(_p(_S, "Being sent"), BUSY, "send"),
    "accepted": State(_p(_S, "Accepted"), GOOD, "circle-check"),
    "sent": State(_p(_S, "Sent"), GOOD, "send"),
    "delivered": State(_p(_S, "Delivered"), GOOD, "circle-check"),
    "deferred": State(_p(_S, "Later"), WAIT, "clock"),
    "bounced": State(_p(_S, "Bounced"), BAD, "mail-off"),
    "skipped": State(_p(_S, "Not sent"), CALM, "circle-minus"),
    "unknown": State(_p(_S, "Unknown"), CALM, "question-mark"),
    "expired": State(_p(_S, "Expired"), CALM, "clock"),
    "opened": State(_p(_S, "Opened"), GOOD, "mail-opened"),
    "clicked": State(_p(_S, "Clicked"), GOOD, "click"),
    "human": State(_p(_S, "Person"), GOOD, "user"),
    "machine": State(_p(_S, "Machine"), CALM, "server"),
    # senders, domains, keys
    "verified": State(_p(_S, "Verified"), GOOD, "shield-check"),
    "unverified": State(_p(_S, "Not verified"), WAIT, "shield-x"),
    "pending": State(_p(_S, "Waiting"), WAIT, "clock"),
    "revoked": State(_p(_S, "Revoked"), CALM, "circle-minus"),
    "deactivated": State(_p(_S, "Deactivated"), CALM, "circle-minus"),
    "invited": State(_p(_S, "Invited"), WAIT, "clock"),
    # findings of a check
    "wall": State(_("Must be fixed"), BAD, "circle-x"),
    "warning": State(_("Worth a look"), WAIT, "alert-triangle"),
    "hint": State(_("Hint"), BUSY, "info-circle"),
}


def state_of(word: object) -> State:
    """Return how a state word is shown; an unlisted word is shown as it stands, calmly."""
    text = str(getattr(word, "value", word) or "")
    return STATES.get(text) or State(text.replace("_", " ").capitalize(), CALM, "circle-dot")
