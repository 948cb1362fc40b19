"""Addresses of the interests pages."""

from django.urls import URLPattern

app_name = "interests"
urlpatterns: list[URLPattern] = []
