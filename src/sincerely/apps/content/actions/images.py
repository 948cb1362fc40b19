"""Taking in pictures: re-encoded, stripped of metadata, scaled, stored under their hash.

Only what Pillow has decoded and written again is ever served, so a file that is two things at
once, a decompression bomb or an SVG with a script does not get through. WebP and the like become
JPEG or PNG, since Outlook shows nothing else.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from sincerely.apps.content.models import Image
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
MOST_FRAMES = 120
WIDEST = 1200
TALLEST = 2400
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


class BadImage(ValueError):
    """The file cannot be taken in; the message says why in plain words."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as it will be served."""

    blob: bytes
    media_type: str
    width: int
    height: int


def store_image(blob: bytes, *, name: str, now: datetime, actor: Actor, alt: str = "") -> Image:
    """Store the picture and return its row; the same picture again returns the first row.

    Raises BadImage.
    """
    encoded = encode(blob)
    blob_hash = hashlib.blake2b(encoded.blob, digest_size=16).hexdigest()
    with transaction.atomic():
        image, created = Image.objects.get_or_create(
            blob_hash=blob_hash,
            defaults={
                "name": PurePath(name).name[:200] or "image",
                "alt": alt.strip()[:300],
                "media_type": encoded.media_type,
                "width": encoded.width,
                "height": encoded.height,
                "blob": encoded.blob,
                "created_at": now,
            },
        )
        if created:
            audit(actor, "image.stored", now=now, subject=image, detail={"name": image.name})
    return image


def describe_image(image_id: int, *, name: str, alt: str, now: datetime, actor: Actor) -> Image:
    """Store a picture's name and what it shows."""
    with transaction.atomic():
        image = Image.objects.defer("blob").get(pk=image_id)
        image.name, image.alt = name.strip()[:200] or image.name, alt.strip()[:300]
        image.save(update_fields=["name", "alt"])
        audit(actor, "image.described", now=now, subject=image)
    return image


def delete_image(image_id: int, *, now: datetime, actor: Actor) -> None:
    """Delete a picture; mails that show it will lose it, so the page asks first."""
    with transaction.atomic():
        image = Image.objects.defer("blob").get(pk=image_id)
        audit(actor, "image.deleted", now=now, subject=image, detail={"name": image.name})
        image.delete()


def encode(blob: bytes) -> Encoded:
    """Return the picture decoded, turned upright, scaled and written anew; raise BadImage."""
    if len(blob) > MOST_BYTES:
        raise BadImage(_("This picture is larger than 10 MB."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            return _encode(blob)
    except BadImage:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning) as problem:
        raise BadImage(_("This file is not a picture we can read: use JPEG, PNG or GIF.")) from (
            problem
        )
    except Pillow.DecompressionBombError as problem:
        raise BadImage(_("This picture has too many pixels.")) from problem


def _encode(blob: bytes) -> Encoded:
    picture: Any = Pillow.open(io.BytesIO(blob), formats=FORMATS)
    frames = getattr(picture, "n_frames", 1)
    if picture.width * picture.height * frames > MOST_PIXELS or frames > MOST_FRAMES:
        raise BadImage(_("This picture has too many pixels."))
    if picture.format == "GIF" and frames > 1:
        return _encode_animation(picture)
    upright = ImageOps.exif_transpose(picture)
    has_alpha = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    is_photo = picture.format in {"JPEG", "WEBP", "TIFF"} and not has_alpha
    flat = upright.convert("RGBA" if has_alpha else "RGB")
    flat.thumbnail((WIDEST, TALLEST))
    return _written(flat, "JPEG") if is_photo else _smaller(flat, has_alpha=has_alpha)


def _smaller(flat: Any, *, has_alpha: bool) -> Encoded:
    drawn = _written(flat, "PNG")
    if has_alpha or len(drawn.blob) < 150_000:
        return drawn
    photo = _written(flat, "JPEG")
    return photo if len(photo.blob) < len(drawn.blob) // 2 else drawn


def _written(flat: Any, form: str) -> Encoded:
    # A new picture from the pixels alone carries neither EXIF nor text chunks nor profiles.
    bare = Pillow.new(flat.mode, flat.size)
    bare.paste(flat)
    out = io.BytesIO()
    if form == "JPEG":
        bare.save(out, "JPEG", quality=85, optimize=True, progressive=True)
    else:
        bare.save(out, "PNG", optimize=True)
    return Encoded(out.getvalue(), f"image/{form.lower()}", bare.width, bare.height)


def _encode_animation(picture: Any) -> Encoded:
    frames, pauses = [], []
    for number in range(picture.n_frames):
        picture.seek(number)
        frame = picture.convert("RGBA")
        frame.thumbnail((WIDEST // 2, TALLEST // 2))
        frames.append(frame)
        pauses.append(max(20, int(picture.info.get("duration", 100) or 100)))
    out = io.BytesIO()
    frames[0].save(
        out, "GIF", save_all=True, append_images=frames[1:], duration=pauses, loop=0, disposal=2
    )
    return Encoded(out.getvalue(), "image/gif", frames[0].width, frames[0].height)
