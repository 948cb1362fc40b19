"""Addresses of the segments pages."""

from django.urls import path

from sincerely.apps.segments.views import editing, segments

app_name = "segments"
ROOT = "people/segments/"
urlpatterns = [
    path(ROOT, segments.segment_list, name="list"),
    path(f"{ROOT}new/", editing.new, name="new"),
    path(f"{ROOT}form/", editing.rule_form, name="form"),
    path(f"{ROOT}preview/", editing.rule_preview, name="preview"),
    path(f"{ROOT}<int:segment_id>/", segments.detail, name="detail"),
    path(f"{ROOT}<int:segment_id>/edit/", editing.edit, name="edit"),
    path(f"{ROOT}<int:segment_id>/history/", segments.history, name="history"),
    path(f"{ROOT}<int:segment_id>/duplicate/", segments.duplicate, name="duplicate"),
    path(f"{ROOT}<int:segment_id>/archive/", segments.archive, name="archive"),
    path(f"{ROOT}<int:segment_id>/snapshot/", segments.snapshot, name="snapshot"),
]
