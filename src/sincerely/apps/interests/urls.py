"""Addresses of the label pages."""

from django.urls import path

from sincerely.apps.interests import views

app_name = "interests"
ONE = "people/labels/<int:label_id>/"
urlpatterns = [
    path("people/labels/", views.labels, name="labels"),
    path("people/labels/new/", views.new_label, name="label-new"),
    path("people/labels/drift/", views.drift_report, name="drift"),
    path(ONE, views.show_label, name="label"),
    path(f"{ONE}edit/", views.edit_label, name="label-edit"),
    path(f"{ONE}archive/", views.archive_label, name="label-archive"),
    path(f"{ONE}merge/", views.merge, name="label-merge"),
    path(f"{ONE}rules/add/", views.add_rule, name="rule-add"),
    path(f"{ONE}rules/<int:rule_id>/drop/", views.drop_rule, name="rule-drop"),
]
