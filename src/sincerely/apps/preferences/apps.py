"""Registration of the preferences domain with Django."""

from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    """The contact's own pages: unsubscribe and what follows."""

    name = "sincerely.apps.preferences"
    label = "preferences"
