"""Registration of the consent domain with Django."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """Subscription types, permission and its proof, suppression, tracking tier."""

    name = "sincerely.apps.consent"
    label = "consent"
