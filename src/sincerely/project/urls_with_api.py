"""The URL root of requests for the JSON API; loaded with the first of them (api/shape.py)."""

from django.urls import path

from sincerely.api.root import api
from sincerely.api.shape import ROOT
from sincerely.project.urls import handler400, handler403, handler404, handler500
from sincerely.project.urls import urlpatterns as pages

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*pages, path(ROOT.removeprefix("/"), api.urls)]
