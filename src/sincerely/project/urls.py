"""The URL root: pages of every domain and login; `urls_with_api` adds the JSON API."""

from django.urls import include, path

from sincerely.api.reference import reference

DOMAINS = (
    "team",
    "contacts",
    "consent",
    "labels",
    "engagement",
    "interests",
    "segments",
    "content",
    "sending",
    "preferences",
    "campaigns",
    "people",
    "reports",
)

urlpatterns = [
    path("", include("sincerely.web.urls")),
    path("account/", include("allauth.urls")),
    path("settings/api/", reference, name="api-reference"),
    *(path("", include(f"sincerely.apps.{domain}.urls")) for domain in DOMAINS),
]
handler400 = "sincerely.web.errors.bad_request"
handler403 = "sincerely.web.errors.forbidden"
handler404 = "sincerely.web.errors.not_found"
handler429 = "sincerely.web.errors.too_many"  # asked for by allauth
handler500 = "sincerely.web.errors.server_error"
