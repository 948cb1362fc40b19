"""Brands: what mail looks like and what stands at its foot."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sincerely.apps.team import actions, queries
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.forms import BrandForm
from sincerely.apps.team.models import Brand
from sincerely.apps.team.rules import Capability, contrast
from sincerely.wire.clock import now

FILE_FIELDS = ("logo", "remove_logo")
READABLE = 4.5  # WCAG 2.2, 1.4.3


@require_GET
@requires(Capability.EDIT_SETTINGS)
def listing(request: HttpRequest) -> HttpResponse:
    """List the brands."""
    rows = queries.brands(archived=True)
    return render(request, "team/brands.html", {"brands": rows})


@requires(Capability.EDIT_SETTINGS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a brand."""
    form = BrandForm(request.POST or None, request.FILES or None, initial=_initial(Brand()))
    if request.method == "POST" and form.is_valid():
        brand = actions.create_brand(form.changes(), now=now(), actor=actor_of(request))
        messages.success(request, _("The brand is ready."))
        return redirect("team:brand", brand.pk)
    return render(request, "team/brand.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Capability.EDIT_SETTINGS)
def one(request: HttpRequest, brand_id: int) -> HttpResponse:
    """Change a brand."""
    brand = _brand_or_404(brand_id)
    form = BrandForm(
        request.POST or None, request.FILES or None, initial=_initial(brand), brand_id=brand.pk
    )
    if request.method == "POST" and form.is_valid():
        actions.edit_brand(brand.pk, form.changes(), now=now(), actor=actor_of(request))
        messages.success(request, _("Saved. Mails that are out already stay as they are."))
        return redirect("team:brand", brand.pk)
    context = {
        "form": form,
        "brand": brand,
        "hard_to_read": contrast(brand.text_colour, brand.background_colour) < READABLE,
    }
    return render(request, "team/brand.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Capability.EDIT_SETTINGS)
def archive(request: HttpRequest, brand_id: int) -> HttpResponse:
    """Take a brand out of use."""
    brand = actions.archive_brand(_brand_or_404(brand_id).pk, now=now(), actor=actor_of(request))
    if brand.archived_at is None:
        messages.warning(request, _("This is the only brand, so it stays."))
    return redirect("team:brands")


@require_GET
@requires(Capability.VIEW)
def logo(request: HttpRequest, brand_id: int) -> HttpResponse:
    """Return the brand's logo."""
    brand = _brand_or_404(brand_id)
    if not brand.logo:
        raise Http404
    return HttpResponse(bytes(brand.logo), content_type=brand.logo_type)


def _brand_or_404(brand_id: int) -> Brand:
    brand = queries.brand(brand_id)
    if brand is None:
        raise Http404
    return brand


def _initial(brand: Brand) -> dict[str, object]:
    names = [name for name in BrandForm.base_fields if name not in FILE_FIELDS]
    return {name: getattr(brand, name) for name in names}
