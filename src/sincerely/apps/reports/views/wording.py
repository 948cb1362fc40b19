"""The outcomes of a mailing, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OUTCOME_WORDS: dict[str, str | Promise] = {
    "complained": _("Complained of spam"),
    "unsubscribed": _("Unsubscribed"),
    "bounced": _("Bounced"),
    "acted": _("Clicked the call to action"),
    "clicked": _("Clicked another link"),
    "opened": _("Opened"),
    "nothing": _("Did nothing yet"),
    "unknown": _("Nobody knows whether it arrived"),
}

DEED_WORDS: dict[str, str | Promise] = {
    "delivered": _("Everybody it was delivered to"),
    "bounced": _("Bounced"),
    "complained": _("Complained of spam"),
    "unsubscribed": _("Unsubscribed"),
    "opened": _("Opened, whatever else they did"),
    "clicked": _("Clicked, whatever else they did"),
    "opened-undecided": _("Perhaps opened: undecided between a person and a machine"),
    "opened-machine": _("Opened by machines only"),
    "clicked-undecided": _("Perhaps clicked: undecided between a person and a machine"),
    "clicked-machine": _("Clicked by machines only"),
    "made-undecided": _("With clicks that are undecided"),
    "made-machine": _("With clicks of machines"),
}
