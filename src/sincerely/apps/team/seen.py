"""Forms that notice when somebody else has saved what they show."""

from __future__ import annotations

import hashlib
import json

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.text import get_text_list
from django.utils.translation import gettext as _


class SeenForm(forms.Form):
    """Carries what was stored when the form was opened, and compares when it is sent in.

    Whoever saves second is told, with what they entered still in the form. The page that tells
    them carries what is stored now, so saving once more puts theirs in its place.
    """

    @property
    def seen(self) -> str:
        """Return a short mark of what is stored; `c-form` sends it along."""
        stored = json.dumps(self.initial, sort_keys=True, cls=DjangoJSONEncoder)
        return hashlib.blake2b(stored.encode(), digest_size=12).hexdigest()

    def full_clean(self) -> None:
        """Refuse what would overwrite something that its sender has not seen."""
        super().full_clean()
        if not self.is_bound or self.data.get("seen", self.seen) == self.seen:
            return
        names = [str(self[name].label) for name in self.changed_data]
        if names:
            self.add_error(None, _changed_words(names))


def _changed_words(names: list[str]) -> str:
    return _(
        "Somebody else has saved this since you opened it. What you entered is still below; what"
        " is stored differs in: %(names)s. Save again to put yours in its place."
    ) % {"names": get_text_list(names, _("and"))}
