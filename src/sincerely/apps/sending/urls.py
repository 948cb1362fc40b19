"""Addresses of the sending pages."""

from django.urls import URLPattern

app_name = "sending"
urlpatterns: list[URLPattern] = []
