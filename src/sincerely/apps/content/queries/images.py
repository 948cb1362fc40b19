"""Reads of the image library, and of what is served to the contacts' mail programs."""

from __future__ import annotations

from dataclasses import dataclass

from sincerely.apps.content.models import Image
from sincerely.apps.content.queries.looks import EXTENSIONS, logo_url
from sincerely.apps.team.models import Brand

PAGE = 48


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes to serve and their type."""

    media_type: str
    blob: bytes


def path_of(image: Image) -> str:
    """Return the public path of an image."""
    return f"/i/{image.blob_hash}.{EXTENSIONS[image.media_type]}"


def library(*, before: int | None = None, limit: int = PAGE, search: str = "") -> list[Image]:
    """Return the newest images below the id `before`, without their bytes."""
    rows = Image.objects.defer("blob").order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if search:
        rows = rows.filter(name__icontains=search)
    return list(rows[:limit])


def image(image_id: int) -> Image | None:
    """Return an image without its bytes, or None."""
    return Image.objects.defer("blob").filter(pk=image_id).first()


def picture(blob_hash: str) -> Picture | None:
    """Return the picture with this hash, or None."""
    row = Image.objects.filter(blob_hash=blob_hash).first()
    return Picture(row.media_type, bytes(row.blob)) if row else None


def logo(brand_id: int, *, path: str) -> Picture | None:
    """Return the brand's logo if `path` is its present address, else None."""
    brand = Brand.objects.filter(pk=brand_id).first()
    if brand is None or not brand.logo or not logo_url(brand).endswith(path):
        return None
    return Picture(brand.logo_type, bytes(brand.logo))
