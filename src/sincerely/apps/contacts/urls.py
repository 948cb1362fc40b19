"""Addresses of the lists and custom fields."""

from django.urls import path

from sincerely.apps.contacts.views import fields, lists

app_name = "contacts"
urlpatterns = [
    path("people/lists/", lists.lists, name="lists"),
    path("people/lists/new/", lists.new_list, name="list-new"),
    path("people/lists/<int:list_id>/", lists.show_list, name="list"),
    path("people/lists/<int:list_id>/edit/", lists.edit_list, name="list-edit"),
    path("people/lists/<int:list_id>/archive/", lists.archive_list, name="list-archive"),
    path("people/lists/<int:list_id>/add/", lists.add_person, name="list-add"),
    path("people/lists/<int:list_id>/take/", lists.take_people, name="list-take"),
    path("people/fields/", fields.fields, name="fields"),
    path("people/fields/new/", fields.new_field, name="field-new"),
    path("people/fields/<int:field_id>/edit/", fields.edit_field, name="field-edit"),
    path("people/fields/<int:field_id>/archive/", fields.archive_field, name="field-archive"),
]
