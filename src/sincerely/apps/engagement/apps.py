"""Registration of the engagement domain with Django."""

from django.apps import AppConfig


class EngagementConfig(AppConfig):
    """Mailings, links, raw signals, verdicts, events and rollups."""

    name = "sincerely.apps.engagement"
    label = "engagement"
