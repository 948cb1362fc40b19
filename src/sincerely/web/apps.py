"""Registration of the page frame with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The page frame, components and navigation."""

    name = "sincerely.web"
    label = "web"
