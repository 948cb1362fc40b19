"""The editor as plain forms, for those without JavaScript, and the small forms of its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sincerely.apps.content.actions.images import MOST_BYTES
from sincerely.apps.content.rules.blocks import KINDS
from sincerely.apps.content.rules.blocks.schema import Field


class EnvelopeForm(forms.Form):
    """What stands around the blocks."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=250, required=False)
    preheader = forms.CharField(
        label=gettext_lazy("Line after the subject"), max_length=250, required=False
    )


class BlockForm(forms.Form):
    """The settings of one block, as its kind declares them."""

    def __init__(self, *args: Any, block: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"block-{block['id']}", **kwargs)
        self.block = block
        self.kind = KINDS[block["type"]]
        for field in self.kind.fields:
            self._add(field, block["settings"].get(field.name), field.name)

    def _add(self, field: Field, value: Any, name: str) -> None:
        if field.kind == "items":
            for number, item in enumerate(value or []):
                for inner in field.fields:
                    self._add(inner, item.get(inner.name), f"{name}-{number}-{inner.name}")
            return
        self.fields[name] = _form_field(field, value)

    def settings(self) -> dict[str, Any]:
        """Return the settings that were entered, in the document's shape."""
        entered: dict[str, Any] = {}
        for field in self.kind.fields:
            if field.kind != "items":
                entered[field.name] = self.cleaned_data[field.name]
                continue
            count = len(self.block["settings"].get(field.name) or [])
            entered[field.name] = [
                {
                    inner.name: self.cleaned_data[f"{field.name}-{number}-{inner.name}"]
                    for inner in field.fields
                }
                for number in range(count)
            ]
        return entered


def _form_field(field: Field, value: Any) -> forms.Field:
    label, is_long = _(field.label), field.kind in {"rich", "code"}
    if field.kind == "choice":
        choices = [(key, _(words)) for key, words in field.choices]
        return forms.ChoiceField(label=label, choices=choices, initial=value, required=False)
    widget = forms.Textarea(attrs={"rows": 5}) if is_long else forms.TextInput()
    return forms.CharField(label=label, initial=value, required=False, widget=widget)


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One block on the plain page: its form and its moves."""

    form: BlockForm
    id: str
    name: str
    is_locked: bool


def block_rows(document: dict[str, Any], data: Any = None) -> list[BlockRow]:
    """Return a row per block of the document, filled from `data` where there is any."""
    rows = []
    for block in document["blocks"]:
        form = BlockForm(data, block=block)
        kind = KINDS[block["type"]]
        rows.append(BlockRow(form, block["id"], _(kind.name), kind.is_locked))
    return rows


def entered_document(document: dict[str, Any], rows: list[BlockRow]) -> dict[str, Any]:
    """Return the document with what was entered in its rows; rules by block stay."""
    entered = {row.id: row.form.settings() for row in rows if row.form.is_valid()}
    blocks = [
        block | {"settings": entered.get(block["id"], block["settings"])}
        for block in document["blocks"]
    ]
    return document | {"blocks": blocks}


class UseTemplateForm(forms.Form):
    """Name, brand and language of a draft that is made from a template."""

    name = forms.CharField(label=gettext_lazy("Name of the mail"), max_length=200)
    brand = forms.TypedChoiceField(label=gettext_lazy("Brand"), coerce=int)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, brands: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["brand"]
        assert isinstance(choice, forms.TypedChoiceField)
        choice.choices = [(brand.pk, brand.name) for brand in brands]
        if len(brands) == 1:
            choice.widget = forms.HiddenInput()
            choice.initial = brands[0].pk


class TemplateForm(forms.Form):
    """Name and description of a template of one's own."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=300, required=False
    )


class ImageForm(forms.Form):
    """One or more pictures to take in."""

    image = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("JPEG, PNG, GIF or WebP, at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    alt = forms.CharField(label=gettext_lazy("What it shows"), max_length=300, required=False)

    def clean_image(self) -> Any:
        """Refuse what is too large before it is read."""
        upload = self.cleaned_data["image"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(_("This picture is larger than 10 MB."))
        return upload


class DescribeImageForm(forms.Form):
    """A picture's name and what it shows."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    alt = forms.CharField(
        label=gettext_lazy("What it shows, for those who cannot see it"),
        max_length=300,
        required=False,
    )
