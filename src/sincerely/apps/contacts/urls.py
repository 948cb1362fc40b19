"""Addresses of the contacts pages."""

from django.urls import URLPattern

app_name = "contacts"
urlpatterns: list[URLPattern] = []
