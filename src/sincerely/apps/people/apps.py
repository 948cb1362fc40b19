"""Registration of the people domain with Django."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """What touches all of a person: contact page, import, export, why or why not."""

    name = "sincerely.apps.people"
    label = "people"
