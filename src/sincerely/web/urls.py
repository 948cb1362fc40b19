"""Addresses of the frame's own pages."""

from django.urls import path

from sincerely.web import views

app_name = "web"
urlpatterns = [path("", views.home, name="home")]
