"""State words of the product: each with a tone (colour), an icon (shape), a sentence.

A page names the state by the word that the model stores; colour alone never carries meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class State:
    """How one state is shown."""

    label: str | Promise
    tone: str
    icon: str


GOOD, BUSY, WAIT, BAD, CALM = "good", "busy", "wait", "bad", "calm"

STATES: dict[str, State] = {
    # permission
    "in": State(pgettext_lazy("state", "Agreed"), GOOD, "circle-check"),
    "out": State(pgettext_lazy("state", "Opted out"), BAD, "ban"),
    "reconfirmed": State(pgettext_lazy("state", "Reconfirmed"), GOOD, "circle-check"),
    "unspecified": State(pgettext_lazy("state", "Never asked"), CALM, "circle-dashed"),
    "permitted": State(pgettext_lazy("state", "Permitted"), GOOD, "circle-check"),
    "withdrawn": State(pgettext_lazy("state", "Withdrawn"), BAD, "ban"),
    "suppressed": State(pgettext_lazy("state", "Suppressed"), BAD, "ban"),
    "opted_out": State(pgettext_lazy("state", "Opted out"), BAD, "ban"),
    "complained": State(pgettext_lazy("state", "Complained"), BAD, "alert-triangle"),
    # contacts
    "active": State(pgettext_lazy("state", "Active"), GOOD, "circle-check"),
    "inactive": State(pgettext_lazy("state", "Inactive"), CALM, "moon"),
    "asleep": State(pgettext_lazy("state", "Asleep"), CALM, "moon"),
    "drifting": State(pgettext_lazy("state", "Drifting"), WAIT, "circle-dot"),
    "new": State(pgettext_lazy("state", "New"), BUSY, "sparkles"),
    "erased": State(pgettext_lazy("state", "Erased"), CALM, "circle-minus"),
    "merged": State(pgettext_lazy("state", "Merged"), CALM, "circle-minus"),
    "paused": State(pgettext_lazy("state", "Paused"), WAIT, "player-pause"),
    # work and campaigns
    "draft": State(pgettext_lazy("state", "Draft"), CALM, "edit"),
    "planned": State(pgettext_lazy("state", "Planned"), WAIT, "clock"),
    "stuck": State(pgettext_lazy("state", "Stuck"), BAD, "alert-triangle"),
    "silent": State(pgettext_lazy("state", "No sign of life"), BAD, "circle-x"),
    "planning": State(pgettext_lazy("state", "Planning"), BUSY, "refresh"),
    "scheduled": State(pgettext_lazy("state", "Scheduled"), WAIT, "clock"),
    "waiting": State(pgettext_lazy("state", "Waiting"), WAIT, "clock"),
    "queued": State(pgettext_lazy("state", "Waiting"), WAIT, "clock"),
    "ready": State(pgettext_lazy("state", "Ready"), GOOD, "circle-check"),
    "running": State(pgettext_lazy("state", "Running"), BUSY, "player-play"),
    "sending": State(pgettext_lazy("state", "Sending"), BUSY, "send"),
    "stopping": State(pgettext_lazy("state", "Stopping"), WAIT, "player-stop"),
    "stopped": State(pgettext_lazy("state", "Stopped"), CALM, "player-stop"),
    "finished": State(pgettext_lazy("state", "Finished"), GOOD, "circle-check"),
    "done": State(pgettext_lazy("state", "Done"), GOOD, "circle-check"),
    "failed": State(pgettext_lazy("state", "Failed"), BAD, "circle-x"),
    "cancelled": State(pgettext_lazy("state", "Cancelled"), CALM, "circle-minus"),
    "archived": State(pgettext_lazy("state", "Archived"), CALM, "folder"),
    "checking": State(pgettext_lazy("state", "Checking"), BUSY, "refresh"),
    "checked": State(pgettext_lazy("state", "Checked"), WAIT, "list-check"),
    "undoing": State(pgettext_lazy("state", "Being undone"), BUSY, "refresh"),
    "undone": State(pgettext_lazy("state", "Undone"), CALM, "arrow-back-up"),
    "held": State(pgettext_lazy("state", "On hold"), WAIT, "hand-stop"),
    # messages and events
    "claimed": State(pgettext_lazy("state", "Being sent"), BUSY, "send"),
    "dialling": State(pgettext_lazy("state", "Being sent"), BUSY, "send"),
    "accepted": State(pgettext_lazy("state", "Accepted"), GOOD, "circle-check"),
    "sent": State(pgettext_lazy("state", "Sent"), GOOD, "send"),
    "delivered": State(pgettext_lazy("state", "Delivered"), GOOD, "circle-check"),
    "deferred": State(pgettext_lazy("state", "Later"), WAIT, "clock"),
    "bounced": State(pgettext_lazy("state", "Bounced"), BAD, "mail-off"),
    "skipped": State(pgettext_lazy("state", "Not sent"), CALM, "circle-minus"),
    "refused": State(pgettext_lazy("state", "Not sent"), CALM, "circle-minus"),
    "unknown": State(pgettext_lazy("state", "Unknown"), CALM, "question-mark"),
    "expired": State(pgettext_lazy("state", "Expired"), CALM, "clock"),
    "opened": State(pgettext_lazy("state", "Opened"), GOOD, "mail-opened"),
    "clicked": State(pgettext_lazy("state", "Clicked"), GOOD, "click"),
    "human": State(pgettext_lazy("state", "Person"), GOOD, "user"),
    "machine": State(pgettext_lazy("state", "Machine"), CALM, "server"),
    # senders, domains, keys
    "verified": State(pgettext_lazy("state", "Verified"), GOOD, "shield-check"),
    "unverified": State(pgettext_lazy("state", "Not verified"), WAIT, "shield-x"),
    "pending": State(pgettext_lazy("state", "Waiting"), WAIT, "clock"),
    "revoked": State(pgettext_lazy("state", "Revoked"), CALM, "circle-minus"),
    "deactivated": State(pgettext_lazy("state", "Deactivated"), CALM, "circle-minus"),
    "invited": State(pgettext_lazy("state", "Invited"), WAIT, "clock"),
    # findings of a check
    "wall": State(_("Must be fixed"), BAD, "circle-x"),
    "warning": State(_("Worth a look"), WAIT, "alert-triangle"),
    "hint": State(_("Hint"), BUSY, "info-circle"),
}


def state_of(word: object) -> State:
    """Return how a state word is shown; an unlisted word is shown as it stands, calmly."""
    text = str(getattr(word, "value", word) or "")
    return STATES.get(text) or State(text.replace("_", " ").capitalize(), CALM, "circle-dot")
