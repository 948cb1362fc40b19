"""Addresses of the labels pages."""

from django.urls import URLPattern

app_name = "labels"
urlpatterns: list[URLPattern] = []
