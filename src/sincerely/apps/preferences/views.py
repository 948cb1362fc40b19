"""A contact's own pages: opened by a mail's token, in their language, without a login.

At the end stands the one page of the team's: what the thank-you page says.

A GET never changes anything. The token is the authority, so the forms need no cookie (a reader who
blocks cookies must be able to leave), and the pages set none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.forms import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.engagement.rules.tokens import Purpose
from sincerely.apps.preferences import actions, queries
from sincerely.apps.preferences.forms import ChoiceForm, LeaveForm, ThankYouForm
from sincerely.apps.preferences.queries import Visit
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.queries import brand as brand_of
from sincerely.apps.team.queries import brands, first_brand
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

MAIL_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'none'"],
    "img-src": ["*", "data:"],
    "style-src": ["'unsafe-inline'"],
    "font-src": ["*"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
Page = Callable[[HttpRequest, Visit, str], HttpResponse]


def _page(purpose: Purpose) -> Callable[[Page], Callable[[HttpRequest, str], HttpResponse]]:
    """Open the token, speak the contact's language, and keep the page out of caches and indexes."""

    def around(view: Page) -> Callable[[HttpRequest, str], HttpResponse]:
        @wraps(view)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            visit = queries.visit_of(purpose, token)
            if visit is None and queries.is_of_a_test(purpose, token):
                return render(request, "preferences/test_mail.html", {"purpose": purpose.name})
            if visit is None:
                raise Http404
            with translation.override(visit.language):
                request.LANGUAGE_CODE = visit.language  # type: ignore[attr-defined]
                answer = view(request, visit, token)
            answer["Cache-Control"] = "no-store, private"
            answer["Referrer-Policy"] = "no-referrer"
            answer["X-Robots-Tag"] = "noindex, nofollow"
            return answer

        return opened

    return around


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_page(Purpose.UNSUBSCRIBE)
def unsubscribe(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show one button per choice; the button acts."""
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        everything = form.cleaned_data["scope"] == "all"
        actions.leave(
            visit,
            now=clock.now(),
            proof=_proof(request, visit),
            everything=everything,
            answer=form.cleaned_data["answer"],
            words=form.cleaned_data["words"],
        )
        return redirect("preferences:left_all" if everything else "preferences:left_one", token)
    kind = queries.type_of(visit)
    shown = {"visit": visit, "form": form, "kind": kind, "preferences": _preferences(visit)}
    status = 422 if request.method == "POST" else 200
    return render(request, "preferences/unsubscribe.html", shown, status=status)


@require_safe
@_page(Purpose.UNSUBSCRIBE)
def left_one(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Say that this kind of mail stops, if it does."""
    kind = queries.type_of(visit)
    if kind is not None and kind.state == "in":
        return redirect("preferences:unsubscribe", token)
    shown = {
        "visit": visit,
        "kind": kind,
        "preferences": _preferences(visit),
        "everything": reverse("preferences:unsubscribe", args=[token]),
    }
    return render(request, "preferences/left.html", shown)


@require_safe
@_page(Purpose.UNSUBSCRIBE)
def left_all(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Say that all marketing mail stops, if it does."""
    if not queries.has_left_everything(visit):
        return redirect("preferences:unsubscribe", token)
    shown = {"visit": visit, "kind": None, "preferences": _preferences(visit)}
    return render(request, "preferences/left.html", shown)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_page(Purpose.PREFERENCES)
def preferences(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show the kinds of mail with a box each; saving acts."""
    types = queries.types_of(visit)
    form = ChoiceForm(types, request.POST if request.method == "POST" else None)
    is_saved = False
    if request.method == "POST" and form.is_valid():
        proof = _proof(request, visit)
        actions.choose(visit, wanted=form.wanted_ids(), now=clock.now(), proof=proof)
        is_saved = True
    leave = reverse("preferences:unsubscribe", args=[queries.token_for(visit, Purpose.UNSUBSCRIBE)])
    shown = {"visit": visit, "form": form, "is_saved": is_saved, "leave": leave}
    status = 422 if request.method == "POST" and not is_saved else 200
    return render(request, "preferences/preferences.html", shown, status=status)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_page(Purpose.CONFIRM)
def confirm(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Thank whoever came by the confirm button; only the button on this page confirms."""
    if request.method == "POST":
        actions.stay(visit, now=clock.now(), proof=_proof(request, visit))
        return redirect("preferences:confirm", token)
    shown = {
        "visit": visit,
        "thanks": queries.thank_you(visit),
        "preferences": _preferences(visit),
    }
    return render(request, "preferences/confirm.html", shown)


@require_safe
@csp_replace(MAIL_CSP)  # type: ignore[arg-type]
@_page(Purpose.VIEW)
def view_mail(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show the contact's mail as it was sent, in a page that may run and load no script."""
    mail = queries.mail_as_sent(visit, now=clock.now())
    if mail is None:
        raise Http404
    return HttpResponse(mail[1])


def _preferences(visit: Visit) -> str:
    return reverse("preferences:preferences", args=[queries.token_for(visit, Purpose.PREFERENCES)])


def _proof(request: HttpRequest, visit: Visit) -> Proof:
    return Proof(
        address=visit.contact.address,
        ip=request.META.get("REMOTE_ADDR") or "",
        user_agent=request.headers.get("user-agent", "")[:400],
        document=request.path.split("/")[2],
    )


@requires(Capability.EDIT_CONTENT)
@require_safe
def thank_you_pages(request: HttpRequest) -> HttpResponse:
    """Lead to the page of the first brand, in the member's language."""
    brand = first_brand()
    if brand is None:
        raise Http404
    return redirect("preferences:thank_you_page", brand.pk, queries.spoken(get_language() or ""))


@requires(Capability.EDIT_CONTENT)
@require_http_methods(["GET", "HEAD", "POST"])
def thank_you_page(request: HttpRequest, brand_id: int, language: str) -> HttpResponse:
    """Show and change a brand's words on the thank-you page in one language."""
    brand = brand_of(brand_id)
    if brand is None or language not in queries.LANGUAGES:
        raise Http404
    with translation.override(language):
        page = queries.page_shown(brand_id, language=language)
        ours = queries.page_shown(None, language=language)
    own = queries.stored_page(brand_id, language=language)
    form = ThankYouForm(
        request.POST if request.method == "POST" else None,
        initial=model_to_dict(own) if own else {},
    )
    for name in ("heading", "words"):
        form.fields[name].widget.attrs["placeholder"] = getattr(ours, name)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        now, actor = clock.now(), actor_of(request)
        actions.write_page(brand, language=language, words=words, now=now, actor=actor)
        messages.success(request, _("Saved. It holds for mails that are out already, too."))
        return redirect("preferences:thank_you_page", brand_id, language)
    shown = {
        "brand": brand,
        "brands": brands(),
        "language": language,
        "languages": [(code, name) for code, name in settings.LANGUAGES],
        "form": form,
        "page": page,
    }
    status = 422 if form.is_bound else 200
    return render(request, "preferences/thank_you_page.html", shown, status=status)
