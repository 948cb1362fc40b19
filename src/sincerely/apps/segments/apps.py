"""Registration of the segments domain with Django."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """The rule language and the saved rules that select contacts."""

    name = "sincerely.apps.segments"
    label = "segments"
