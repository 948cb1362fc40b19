"""The image library, the upload, and the public addresses that mail programs fetch."""

from __future__ import annotations

from importlib.resources import files

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sincerely.apps.content import ready_made
from sincerely.apps.content.actions import images as actions
from sincerely.apps.content.forms.editing import DescribeImageForm, ImageForm
from sincerely.apps.content.models import Image
from sincerely.apps.content.queries import images as queries
from sincerely.apps.content.queries.looks import EXTENSIONS
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

FOREVER = "public, max-age=31536000, immutable"
WEEK = "public, max-age=604800"
READY_PICTURES = frozenset(
    {"morning", "letter", "celebration", "path", "books", "gift", "cup", "plant", "lamp"}
)


@requires(Capability.EDIT_CONTENT)
def library(request: HttpRequest) -> HttpResponse:
    """Show the pictures, newest first; POST takes one in."""
    form = ImageForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            image = _stored(request, form)
        except actions.BadImage as problem:
            form.add_error("image", str(problem))
        else:
            messages.success(request, _("“%(name)s” is in your library.") % {"name": image.name})
            return redirect("content:images")
    search = request.GET.get("q", "").strip()
    images = queries.library(before=_before(request), search=search)
    shown = [{"image": image, "path": queries.path_of(image)} for image in images]
    return render(
        request,
        "content/images.html",
        {
            "form": form,
            "images": shown,
            "search": search,
            "next": images[-1].pk if len(images) == queries.PAGE else None,
        },
        status=400 if form.errors else 200,
    )


@requires(Capability.EDIT_CONTENT)
def picture(request: HttpRequest, image_id: int) -> HttpResponse:
    """Show one picture; POST stores its name and what it shows."""
    image = queries.image(image_id)
    if image is None:
        raise Http404
    initial = {"name": image.name, "alt": image.alt}
    form = DescribeImageForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.describe_image(
            image_id, **form.cleaned_data, now=clock.now(), actor=actor_of(request)
        )
        messages.success(request, _("Saved."))
        return redirect("content:images")
    context = {"form": form, "image": image, "path": queries.path_of(image)}
    return render(request, "content/image.html", context)


@requires(Capability.EDIT_CONTENT)
@require_POST
def delete(request: HttpRequest, image_id: int) -> HttpResponse:
    """Delete a picture."""
    if queries.image(image_id) is None:
        raise Http404
    actions.delete_image(image_id, now=clock.now(), actor=actor_of(request))
    messages.success(request, _("The picture is deleted."))
    return redirect("content:images")


@requires(Capability.EDIT_CONTENT)
@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """Take in a picture from the editor and answer where it is."""
    form = ImageForm(request.POST, request.FILES)
    if not form.is_valid():
        return JsonResponse({"error": " ".join(map(str, form.errors["image"]))}, status=422)
    try:
        image = _stored(request, form)
    except actions.BadImage as problem:
        return JsonResponse({"error": str(problem)}, status=422)
    return JsonResponse(_as_json(image))


@requires(Capability.EDIT_CONTENT)
@require_safe
def choose(request: HttpRequest) -> JsonResponse:
    """Answer the pictures to choose from, newest first."""
    images = queries.library(
        before=_before(request), search=request.GET.get("q", "").strip(), limit=24
    )
    return JsonResponse(
        {
            "items": [_as_json(image) for image in images],
            "next": images[-1].pk if len(images) == 24 else None,
        }
    )


@require_safe
def served(request: HttpRequest, blob_hash: str, extension: str) -> HttpResponse:
    """Serve a picture to anybody: its address is its hash, so it never changes."""
    found = queries.picture(blob_hash)
    if found is None or EXTENSIONS[found.media_type] != extension:
        raise Http404
    return _public(found.blob, found.media_type, FOREVER)


@require_safe
def brand_logo(request: HttpRequest, brand_id: int, name: str) -> HttpResponse:
    """Serve a brand's logo to anybody."""
    found = queries.logo(brand_id, path=f"/i/logo-{brand_id}-{name}")
    if found is None:
        raise Http404
    return _public(found.blob, found.media_type, FOREVER)


@require_safe
def ready_picture(request: HttpRequest, name: str) -> HttpResponse:
    """Serve a picture of the ready-made designs to anybody."""
    if name not in READY_PICTURES:
        raise Http404
    blob = files(ready_made).joinpath(f"{name}.png").read_bytes()
    return _public(blob, "image/png", WEEK)


def _stored(request: HttpRequest, form: ImageForm) -> Image:
    upload = form.cleaned_data["image"]
    return actions.store_image(
        upload.read(),
        name=upload.name,
        alt=form.cleaned_data["alt"],
        now=clock.now(),
        actor=actor_of(request),
    )


def _before(request: HttpRequest) -> int | None:
    return row_number(request.GET.get("before", ""))


def _as_json(image: Image) -> dict[str, object]:
    return {
        "id": image.pk,
        "name": image.name,
        "alt": image.alt,
        "src": queries.path_of(image),
        "width": image.width,
        "height": image.height,
    }


def _public(blob: bytes, media_type: str, cache: str) -> HttpResponse:
    response = HttpResponse(blob, content_type=media_type)
    response["Cache-Control"] = cache
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
