"""The thank-you page's words by JSON: the same use case as the page of the team."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from ninja import Router

from sincerely.apps.preferences import actions, queries
from sincerely.apps.preferences.forms import ThankYouForm
from sincerely.apps.preferences.models import ThankYouPage
from sincerely.apps.preferences.schemas import ThankYouIn, ThankYouOut
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.models import Brand
from sincerely.apps.team.queries import brand as brand_of
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["preferences"])
PLACE = "/thank-you/{brand_id}/{language}"


@router.get(PLACE, auth=Scope(Capability.EDIT_CONTENT), response=ThankYouOut)
def read_thank_you(request: HttpRequest, brand_id: int, language: str) -> ThankYouPage:
    """Return a brand's words on the thank-you page in one language (en, nl, sv, da)."""
    brand = _known(brand_id, language)
    stored = queries.stored_page(brand.pk, language=language)
    return stored or ThankYouPage(brand=brand, language=language)


@router.put(PLACE, auth=Scope(Capability.EDIT_CONTENT), response=ThankYouOut)
def write_thank_you(
    request: HttpRequest, brand_id: int, *, language: str, body: ThankYouIn
) -> ThankYouPage:
    """Keep these words; all of them empty brings ours back. Holds for mails that are out, too."""
    brand = _known(brand_id, language)
    form = ThankYouForm(body.dict())
    if not form.is_valid():
        raise ValidationError({name: list(errors) for name, errors in form.errors.items()})
    words: dict[str, Any] = form.cleaned_data
    actions.write_page(
        brand, language=language, words=words, now=clock.now(), actor=actor_of(request)
    )
    return read_thank_you(request, brand_id, language)


def _known(brand_id: int, language: str) -> Brand:
    brand = brand_of(brand_id)
    if brand is None or language not in queries.LANGUAGES:
        raise Http404
    return brand
