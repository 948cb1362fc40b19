"""Forms of the saved blocks."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class BlockNameForm(forms.Form):
    """What a saved block is called."""

    name = forms.CharField(label=_("Name"), max_length=120)
