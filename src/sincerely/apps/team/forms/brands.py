"""Forms about brands. A logo is drawn anew, so that nothing but its picture is stored."""

from __future__ import annotations

import io
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, UnidentifiedImageError

from sincerely.apps.team.queries import brand_name_is_taken
from sincerely.apps.team.seen import SeenForm

LOGO_MOST_BYTES = 3 * 1024 * 1024
LOGO_MOST_PIXELS = 24_000_000
LOGO_SIZE = (640, 240)  # shown at up to 320 × 120, twice as fine for sharp screens
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FONTS = (
    ("Georgia, serif", "Georgia"),
    ("Arial, Helvetica, sans-serif", "Arial"),
    ("Verdana, Geneva, sans-serif", "Verdana"),
    ("Tahoma, Geneva, sans-serif", "Tahoma"),
    ("'Trebuchet MS', Helvetica, sans-serif", "Trebuchet MS"),
    ("'Times New Roman', Times, serif", "Times New Roman"),
    ("'Courier New', Courier, monospace", "Courier New"),
)


def redraw(raw: bytes) -> bytes:
    """Return the picture as a PNG of at most `LOGO_SIZE`. Raises ValidationError for others."""
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            if picture.width * picture.height > LOGO_MOST_PIXELS:
                raise _too_large()
            drawn = picture.convert("RGBA")
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ValidationError(
            _("This is not a picture that we can read (PNG, JPEG, GIF, WebP).")
        ) from error
    drawn.thumbnail(LOGO_SIZE)
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()


def _too_large() -> ValidationError:
    return ValidationError(_("This picture is too large. 4,000 pixels a side are plenty."))


def _colour(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=7,
        help_text=help_text,
        widget=forms.TextInput(attrs={"type": "color"}),
    )


def logo_of(sent: UploadedFile[bytes]) -> bytes:
    """Return a picture that somebody sent, drawn anew as PNG; raises ValidationError."""
    if (sent.size or 0) > LOGO_MOST_BYTES:
        raise ValidationError(_("This file is larger than 3 MB."))
    return redraw(sent.read())


class _Colours(SeenForm):
    """Colours are written #rrggbb."""

    def clean(self) -> dict[str, Any]:
        """Refuse what is not a colour."""
        cleaned = super().clean() or {}
        for name in [name for name in cleaned if name.endswith("_colour")]:
            if not COLOUR.fullmatch(cleaned[name] or ""):
                self.add_error(name, _("Choose a colour."))
        return cleaned


class FirstBrandForm(_Colours):
    """The organisation and its first brand and sender in one go, at the set-up."""

    name = forms.CharField(
        label=_("Name of the organisation or shop"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    postal_address = forms.CharField(
        label=_("Postal address"),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "street-address"}),
        help_text=_("Stands at the foot of every mail. The law asks for it nearly everywhere."),
    )
    accent_colour = _colour(_("Your colour"), _("For buttons and links in your mails."))
    sender_name = forms.CharField(
        label=_("Mails come from"),
        max_length=120,
        help_text=_(
            "A name that people know: “Anna from the pet shop” is better than “Marketing”."
        ),
    )
    sender_address = forms.EmailField(
        label=_("with the address"),
        help_text=_("Replies to it should reach you."),
    )


class BrandForm(_Colours):
    """A brand: what its mail looks like and what stands at its foot."""

    name = forms.CharField(label=_("Name"), max_length=120)
    postal_address = forms.CharField(
        label=_("Postal address"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands at the foot of every mail."),
    )
    privacy_url = forms.URLField(
        label=_("Link to your privacy statement"), required=False, assume_scheme="https"
    )
    link_url = forms.URLField(
        label=_("Link domain"),
        required=False,
        assume_scheme="https",
        help_text=_("For example https://links.example.org. It must lead to this installation."),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
        help_text=_("PNG, JPEG, GIF or WebP, up to 3 MB."),
    )
    remove_logo = forms.BooleanField(label=_("Take the logo away"), required=False)
    accent_colour = _colour(_("Accent"), _("Buttons and links."))
    text_colour = _colour(_("Text"))
    background_colour = _colour(_("Background"))
    heading_font = forms.ChoiceField(label=_("Font of headings"), choices=FONTS)
    body_font = forms.ChoiceField(label=_("Font of text"), choices=FONTS)

    def __init__(self, *args: Any, brand_id: int | None = None, **kwargs: Any) -> None:
        self.brand_id = brand_id
        super().__init__(*args, **kwargs)

    def clean_name(self) -> str:
        """Refuse a name that another brand has."""
        name = str(self.cleaned_data["name"]).strip()
        if brand_name_is_taken(name, except_id=self.brand_id):
            raise ValidationError(_("Another brand has this name."))
        return name

    def clean_logo(self) -> bytes | None:
        """Return the logo drawn anew as PNG, or None where none was sent."""
        sent = self.cleaned_data.get("logo")
        return logo_of(sent) if sent else None

    def changes(self) -> dict[str, Any]:
        """Return the values for the brand; call only when the form is valid."""
        values = dict(self.cleaned_data)
        logo = values.pop("logo")
        if values.pop("remove_logo"):
            return values | {"logo": None, "logo_type": ""}
        return values | ({"logo": logo, "logo_type": "image/png"} if logo else {})
