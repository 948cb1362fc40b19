"""Addresses of the report pages."""

from django.urls import path

from sincerely.apps.reports.views import campaign, overview, recipients

app_name = "reports"
ONE = "reports/campaigns/<int:campaign_id>/"
urlpatterns = [
    path("reports/", overview.overview, name="overview"),
    path(ONE, campaign.report, name="campaign"),
    path(f"{ONE}recipients/", recipients.recipients, name="recipients"),
    path(f"{ONE}recipients.csv", campaign.export, name="export"),
]
