"""Pictures: what is taken in, how it is stored, how it is served."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pillow

from sincerely.apps.content.actions.images import BadImage, encode, store_image
from sincerely.apps.content.models import Image
from sincerely.apps.content.queries.images import path_of
from sincerely.apps.content.queries.looks import look_of
from tests.cast import Cast


def drawn(form: str = "PNG", size: tuple[int, int] = (40, 20), **how: Any) -> bytes:
    out = io.BytesIO()
    mode = how.pop("mode", "RGB")
    Pillow.new(mode, size, "#2f6f5e80" if mode == "RGBA" else "#2f6f5e").save(out, form, **how)
    return out.getvalue()


def test_a_photo_is_scaled_turned_upright_and_freed_of_metadata() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home, 1 High Street"
    encoded = encode(drawn("JPEG", (3000, 1500), exif=exif))
    assert encoded.media_type == "image/jpeg"
    assert (encoded.width, encoded.height) == (1200, 2400)
    assert b"High Street" not in encoded.blob
    assert not Pillow.open(io.BytesIO(encoded.blob)).getexif()


def test_transparency_is_kept_and_webp_becomes_what_mail_programs_show() -> None:
    assert encode(drawn("WEBP")).media_type == "image/jpeg"
    clear = encode(drawn("WEBP", mode="RGBA"))
    assert clear.media_type == "image/png"
    assert Pillow.open(io.BytesIO(clear.blob)).mode == "RGBA"


def test_an_animation_stays_one() -> None:
    frames = [Pillow.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80)
    encoded = encode(out.getvalue())
    assert encoded.media_type == "image/gif"
    assert Pillow.open(io.BytesIO(encoded.blob)).n_frames == 3


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"GIF89a<script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"%PDF-1.7",
        drawn("PNG")[:60],
        drawn("PNG", (9000, 9000), mode="1"),
        b"\x89PNG" + b"0" * (10 * 1024 * 1024),
    ],
)
def test_what_is_no_picture_or_a_bomb_is_refused(blob: bytes) -> None:
    with pytest.raises(BadImage) as refusal:
        encode(blob)
    assert str(refusal.value)


def test_what_hides_behind_a_picture_is_gone() -> None:
    encoded = encode(drawn("PNG") + b"<script>alert(1)</script>")
    assert b"script" not in encoded.blob


def test_the_same_picture_is_stored_once(cast: Cast, now: datetime) -> None:
    first = store_image(drawn(), name="a.png", now=now, actor=cast.actor)
    again = store_image(drawn(), name="b.png", now=now, actor=cast.actor)
    assert first.pk == again.pk
    assert Image.objects.count() == 1


class TestPages:
    @pytest.fixture
    def alice(self, cast: Cast, client: Client) -> Client:
        client.force_login(cast.alice)
        return client

    def test_upload_choose_and_serve(self, alice: Client, client: Client) -> None:
        upload = SimpleUploadedFile("cat.png", drawn(), content_type="image/png")
        answer = alice.post("/mail/images/upload/", {"image": upload})
        assert answer.status_code == 200
        source = answer.json()["src"]
        assert [row["src"] for row in alice.get("/mail/images/choose/").json()["items"]] == [source]
        client.logout()
        served = client.get(source)
        assert served.status_code == 200
        assert served["Content-Type"] == "image/png"
        assert "immutable" in served["Cache-Control"]
        assert "sandbox" in served["Content-Security-Policy"]
        assert client.get(source.replace(".png", ".jpg")).status_code == 404
        assert client.get("/i/0123456789abcdef.png").status_code == 404

    def test_a_bad_upload_says_why(self, alice: Client) -> None:
        upload = SimpleUploadedFile("x.svg", b"<svg/>", content_type="image/svg+xml")
        answer = alice.post("/mail/images/upload/", {"image": upload})
        assert answer.status_code == 422
        assert answer.json()["error"]

    def test_library_describe_and_delete(self, alice: Client, cast: Cast, now: datetime) -> None:
        image = store_image(drawn(), name="cat.png", now=now, actor=cast.actor)
        assert path_of(image).encode() in alice.get("/mail/images/").content
        assert path_of(image).encode() not in alice.get("/mail/images/?q=dog").content
        alice.post(f"/mail/images/{image.pk}/", {"name": "Cat", "alt": "A sleeping cat"})
        assert Image.objects.get().alt == "A sleeping cat"
        alice.post(f"/mail/images/{image.pk}/delete/")
        assert not Image.objects.exists()

    def test_logo_and_ready_made_pictures_are_public(self, client: Client, cast: Cast) -> None:
        cast.brand.logo, cast.brand.logo_type = drawn(), "image/png"
        cast.brand.save()
        look = look_of(cast.brand)
        served = client.get(look.logo_url.removeprefix(look.base_url))
        assert served.content == drawn()
        assert client.get(f"/i/logo-{cast.brand.pk}-0000000000000000.png").status_code == 404
        assert client.get("/i/ready/morning.png")["Content-Type"] == "image/png"
        assert client.get("/i/ready/secret.png").status_code == 404
