"""Registration of the contacts domain with Django."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """The people we may write to, their fields and lists."""

    name = "sincerely.apps.contacts"
    label = "contacts"
