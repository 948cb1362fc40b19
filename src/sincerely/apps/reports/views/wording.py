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
