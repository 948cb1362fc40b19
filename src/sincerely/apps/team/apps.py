"""Registration of the team domain with Django."""

from django.apps import AppConfig


class TeamConfig(AppConfig):
    """Members, roles, API keys, brands and the audit trail."""

    name = "sincerely.apps.team"
    label = "team"

    def ready(self) -> None:
        """Keep logins and changes of the two-step login in the audit trail."""
        from sincerely.apps.team.sign_ins import connect  # noqa: PLC0415 -- needs the models

        connect()
