"""Registration of the content domain with Django."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """Blocks, templates, MJML, personalisation, checks, preview."""

    name = "sincerely.apps.content"
    label = "content"
