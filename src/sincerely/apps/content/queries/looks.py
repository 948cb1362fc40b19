"""A brand as its mails show it, and the address of its logo."""

from __future__ import annotations

import hashlib

from django.conf import settings

from sincerely.apps.content.rules.look import BrandLook
from sincerely.apps.team.models import Brand

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}


def look_of(brand: Brand) -> BrandLook:
    """Return colours, fonts, logo and footer facts of the brand."""
    return BrandLook(
        name=brand.name,
        accent_colour=brand.accent_colour,
        text_colour=brand.text_colour,
        background_colour=brand.background_colour,
        heading_font=brand.heading_font,
        body_font=brand.body_font,
        logo_url=logo_url(brand),
        postal_address=brand.postal_address,
        privacy_url=brand.privacy_url,
        base_url=settings.PUBLIC_URL,
    )


def logo_url(brand: Brand) -> str:
    """Return the absolute address of the logo, '' without one; a new logo has a new address."""
    if not brand.logo or brand.logo_type not in EXTENSIONS:
        return ""
    mark = hashlib.blake2b(bytes(brand.logo), digest_size=8).hexdigest()
    return f"{settings.PUBLIC_URL}/i/logo-{brand.pk}-{mark}.{EXTENSIONS[brand.logo_type]}"
