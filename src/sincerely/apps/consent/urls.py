"""Addresses of subscription types and suppression."""

from django.urls import path

from sincerely.apps.consent import views

app_name = "consent"
urlpatterns = [
    path("people/subscription-types/", views.types, name="types"),
    path("people/subscription-types/new/", views.new_type, name="type-new"),
    path("people/subscription-types/<int:type_id>/", views.edit_type, name="type"),
    path("people/subscription-types/<int:type_id>/end/", views.end_type, name="type-end"),
    path("people/suppression/", views.suppressions, name="suppressions"),
    path("people/suppression/new/", views.suppress, name="suppress"),
    path("people/suppression/<int:suppression_id>/lift/", views.lift, name="lift"),
]
