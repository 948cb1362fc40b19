"""Registration of the operation domain with Django."""

from django.apps import AppConfig


class OperationConfig(AppConfig):
    """Signs of life of the processes, and files that every machine can read."""

    name = "sincerely.apps.operation"
    label = "operation"
