"""Addresses of the people pages."""

from django.urls import URLPattern, path

from sincerely.apps.people.views import (
    bulk,
    contact_acts,
    contact_list,
    contact_page,
    diagnosis,
    exports,
    files,
    imports,
    why,
)

app_name = "people"
urlpatterns: list[URLPattern] = [
    path("people/import/", imports.import_list, name="import-list"),
    path("people/import/new/", imports.import_new, name="import-new"),
    path("people/import/<int:import_id>/", imports.import_one, name="import-one"),
    path("people/import/<int:import_id>/columns/", imports.import_columns, name="import-columns"),
    path(
        "people/import/<int:import_id>/permission/",
        imports.import_permission,
        name="import-permission",
    ),
    path("people/import/<int:import_id>/bar/", imports.import_progress, name="import-bar"),
    path("people/import/<int:import_id>/start/", imports.import_start, name="import-start"),
    path("people/import/<int:import_id>/cancel/", imports.import_cancel, name="import-cancel"),
    path("people/import/<int:import_id>/undo/", imports.import_undo, name="import-undo"),
    path("people/import/<int:import_id>/labels/", imports.import_labels, name="import-labels"),
    path("people/import/<int:import_id>/rejects.csv", files.rejects_file, name="import-rejects"),
    path("people/export/", exports.export_list, name="export-list"),
    path("people/export/<int:export_id>/", exports.export_one, name="export-one"),
    path("people/export/<int:export_id>/cancel/", exports.export_cancel, name="export-cancel"),
    path("people/export/<int:export_id>/file.csv", files.export_file, name="export-file"),
    path(
        "people/export/<int:export_id>/manifest.json", files.manifest_file, name="export-manifest"
    ),
    path(
        "people/export/of/<slug:kind>/<int:subject_id>/",
        exports.export_subject,
        name="export-subject",
    ),
    path("people/diagnosis/", diagnosis.diagnosis, name="diagnosis"),
    path("people/diagnosis/<slug:key>/", diagnosis.pile, name="pile"),
    path("people/diagnosis/<slug:key>/keep/", diagnosis.keep_pile, name="keep-pile"),
    path("people/", contact_list.contact_list, name="list"),
    path("people/new/", contact_acts.new, name="new"),
    path("people/bulk/", bulk.bulk, name="bulk"),
    path("people/bulk/undo/", bulk.undo, name="bulk-undo"),
    path("people/why/", why.show, name="why"),
    path("people/<int:contact_id>/", contact_page.show, name="contact"),
    path("people/<int:contact_id>/labels/", contact_page.labels_part, name="contact-labels"),
    path("people/<int:contact_id>/labels/give/", contact_acts.give_label, name="label-give"),
    path(
        "people/<int:contact_id>/labels/<int:label_id>/take/",
        contact_acts.take_label,
        name="label-take",
    ),
    path("people/<int:contact_id>/edit/", contact_acts.edit, name="edit"),
    path("people/<int:contact_id>/remark/", contact_acts.remark, name="remark"),
    path("people/<int:contact_id>/permit/", contact_acts.permit_by_hand, name="permit"),
    path("people/<int:contact_id>/withdraw/", contact_acts.withdraw_by_hand, name="withdraw"),
]
