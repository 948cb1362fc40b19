"""Addresses of the contacts' own pages."""

from django.urls import path

from sincerely.apps.preferences import views

app_name = "preferences"
urlpatterns = [
    path("p/unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("p/unsubscribe/<str:token>/type", views.left_one, name="left_one"),
    path("p/unsubscribe/<str:token>/all", views.left_all, name="left_all"),
    path("p/preferences/<str:token>", views.preferences, name="preferences"),
    path("p/view/<str:token>", views.view_mail, name="view"),
    path("p/confirm/<str:token>", views.confirm, name="confirm"),
    path("settings/thank-you/", views.thank_you_pages, name="thank_you_pages"),
    path(
        "settings/thank-you/<int:brand_id>/<str:language>/",
        views.thank_you_page,
        name="thank_you_page",
    ),
]
