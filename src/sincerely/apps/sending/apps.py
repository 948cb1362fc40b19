"""Registration of the sending domain with Django."""

from django.apps import AppConfig


class SendingConfig(AppConfig):
    """Senders, transports, the gate, the outbox, retries."""

    name = "sincerely.apps.sending"
    label = "sending"
