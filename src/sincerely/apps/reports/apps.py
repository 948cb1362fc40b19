"""Registration of the reports domain with Django."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Read-only numbers."""

    name = "sincerely.apps.reports"
    label = "reports"
