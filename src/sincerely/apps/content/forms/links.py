"""The label picker of one link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sincerely.apps.content.rules.links import LinkFacts
from sincerely.apps.labels.models import Label

NO_LABEL = "0"


class LinkLabelForm(forms.Form):
    """Which label a link carries; '0' is none."""

    url = forms.CharField(widget=forms.HiddenInput, max_length=4000, strip=False)
    label = forms.ChoiceField(label=_("Label"))

    def __init__(self, *args: Any, labels: Sequence[Label], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["label"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            (NO_LABEL, _("no label")),
            *((str(label.pk), label.name) for label in labels),
        ]

    @property
    def label_id(self) -> int | None:
        """The chosen label, None for none; only after validation."""
        chosen = self.cleaned_data["label"]
        return None if chosen == NO_LABEL else int(chosen)


def form_of(link: LinkFacts, number: int, labels: Sequence[Label]) -> LinkLabelForm:
    """Return the picker of a link, with ids of its own on the page."""
    form = LinkLabelForm(
        labels=labels,
        auto_id=f"id_%s_{number}",
        initial={"url": link.url, "label": str(link.label_id or NO_LABEL)},
    )
    words = gettext("Label of %(link)s") % {"link": link.text or link.url}
    form.fields["label"].widget.attrs["aria-label"] = words
    return form
