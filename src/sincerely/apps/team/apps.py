"""Registration of the team domain with Django."""

from django.apps import AppConfig


class TeamConfig(AppConfig):
    """Members, roles, API keys, brands and the audit trail."""

    name = "sincerely.apps.team"
    label = "team"
