"""Registration of the campaigns domain with Django."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """One mailing to an audience: plan, launch, result."""

    name = "sincerely.apps.campaigns"
    label = "campaigns"
