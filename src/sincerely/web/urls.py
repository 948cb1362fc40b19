"""Addresses of the frame's own pages."""

from django.urls import path

from sincerely.web.views import home, running, search, set_up

app_name = "web"
urlpatterns = [
    path("", home.home, name="home"),
    path("home/health/", home.health, name="health"),
    path("settings/system/running/", running.running, name="running"),
    path("settings/system/release/", running.release, name="release"),
    path("search", search.search, name="search"),
    path("set-up/organisation/", set_up.organisation, name="set-up-organisation"),
    path("set-up/ready/", set_up.ready, name="set-up-ready"),
    path("set-up/sample/", set_up.load_sample, name="load-sample"),
    path("set-up/sample/progress/", home.sample, name="sample"),
    path("set-up/sample/remove/", set_up.remove_sample, name="remove-sample"),
    path("set-up/<str:secret>/", set_up.owner, name="set-up"),
]
