"""Registration of the interests domain with Django."""

from django.apps import AppConfig


class InterestsConfig(AppConfig):
    """What each contact cares about: labels with evidence and strength."""

    name = "sincerely.apps.interests"
    label = "interests"
