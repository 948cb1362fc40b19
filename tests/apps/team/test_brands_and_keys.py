"""Brands, logos, API keys and the audit trail's page."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from sincerely.apps.team import actions
from sincerely.apps.team.forms.brands import LOGO_SIZE, redraw
from sincerely.apps.team.models import APIKey, AuditEntry, Brand
from sincerely.apps.team.rules import Capability
from tests.cast import Cast

BRAND = {
    "name": "Cats only",
    "postal_address": "2 Low Street, Ghent",
    "accent_colour": "#aa3366",
    "text_colour": "#222222",
    "background_colour": "#ffffff",
    "heading_font": "Georgia, serif",
    "body_font": "Georgia, serif",
}


def picture(kind: str, size: tuple[int, int] = (1600, 400)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#336699").save(out, kind, comment=b"<script>alert(1)</script>")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_logo_is_drawn_anew(cast: Cast, client: Client, kind: str) -> None:
    client.force_login(cast.alice)
    upload = SimpleUploadedFile("../../logo.svg", picture(kind), content_type="text/html")
    response = client.post("/settings/brands/new/", BRAND | {"logo": upload})
    assert response.status_code == 302
    brand = Brand.objects.get(name="Cats only")
    assert bytes(brand.logo).startswith(b"\x89PNG")
    assert b"script" not in bytes(brand.logo)
    with Image.open(io.BytesIO(bytes(brand.logo))) as drawn:
        assert drawn.width <= LOGO_SIZE[0]
        assert drawn.height <= LOGO_SIZE[1]
    answer = client.get(f"/settings/brands/{brand.pk}/logo/")
    assert answer["Content-Type"] == "image/png"


@pytest.mark.parametrize("raw", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\nxx", b"GIF89a"])
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(Exception, match="picture"):
        redraw(raw)


@pytest.mark.parametrize("side", [8_000, 30_000])
def test_a_small_file_of_many_pixels_is_refused_before_it_is_drawn(
    cast: Cast, client: Client, side: int
) -> None:
    head = struct.pack(">II", side, side) + b"\x08\x02\x00\x00\x00"
    parts = [b"\x89PNG\r\n\x1a\n", struct.pack(">I", 13), b"IHDR", head]
    parts += [struct.pack(">II", zlib.crc32(b"IHDR" + head), 4), b"IDATxxxxxxxx"]
    bomb = b"".join(parts)
    client.force_login(cast.alice)
    upload = SimpleUploadedFile("logo.png", bomb, content_type="image/png")
    answer = client.post("/settings/brands/new/", BRAND | {"logo": upload})
    assert answer.status_code == 422
    assert "4,000 pixels a side are plenty" in answer.content.decode()


def test_colours_are_colours(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    wrong = BRAND | {"accent_colour": "red;}"}
    assert client.post("/settings/brands/new/", wrong).status_code == 422


def test_brand_change_is_in_the_trail(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    client.post(f"/settings/brands/{cast.brand.pk}/", BRAND)
    detail = AuditEntry.objects.get(act="brand.changed").detail
    assert detail["name"] == {"before": "Pet shop", "after": "Cats only"}


def test_last_brand_stays(cast: Cast, now: object) -> None:
    actions.archive_brand(cast.brand.pk, now=now, actor=cast.actor)
    assert Brand.objects.get().archived_at is None


def test_key_is_shown_once_and_stored_as_hash(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    page = client.post("/settings/api-keys/", {"name": "Shop", "scopes": ["view"]})
    secret = page.content.decode().split('value="snc_')[1].split('"')[0]
    key = APIKey.objects.get()
    assert secret.encode() not in bytes(key.secret_hash)
    assert f"snc_{secret}" not in client.get("/settings/api-keys/").content.decode()
    assert f"snc_{secret}" not in str(list(AuditEntry.objects.values()))


def test_key_never_reaches_further_than_its_member(cast: Cast, now: object) -> None:
    key, _secret = actions.create_key(
        "K", member_id=cast.vera.pk, scopes=list(Capability), now=now, actor=cast.actor
    )
    assert sorted(key.scopes) == ["view", "view_reports"]


def test_trail_pages_by_fifty(cast: Cast, client: Client, now: object) -> None:
    for number in range(60):
        actions.audit(cast.actor, "label created", now=now, detail={"number": f"no{number}"})
    client.force_login(cast.alice)
    first = client.get("/settings/audit/", {"act": "label created"}).content.decode()
    assert "no59" in first
    assert "no9<" not in first
    following = first.split('href="?act=label+created&amp;before=')[1].split('"')[0]
    second = client.get(
        "/settings/audit/", {"act": "label created", "before": following}
    ).content.decode()
    assert "no9<" in second
    assert "no10<" not in second


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "１"])
def test_trail_takes_any_cursor(cast: Cast, client: Client, before: str) -> None:
    client.force_login(cast.alice)
    assert client.get("/settings/audit/", {"before": before}).status_code == 200
