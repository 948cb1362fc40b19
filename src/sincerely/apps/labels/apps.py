"""Registration of the labels domain with Django."""

from django.apps import AppConfig


class LabelsConfig(AppConfig):
    """The catalogue of interest labels."""

    name = "sincerely.apps.labels"
    label = "labels"
