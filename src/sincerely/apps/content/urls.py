"""Addresses of the content pages."""

from django.urls import path

from sincerely.apps.content.views import (
    blocks,
    checks,
    editor,
    images,
    links,
    preview,
    rules,
    templates,
)

app_name = "content"
EDITOR = [
    path("mail/content/<int:content_id>/edit/", editor.edit, name="editor"),
    path("mail/content/<int:content_id>/save/", editor.save, name="save"),
    path("mail/content/<int:content_id>/text/", editor.generated_text, name="generated-text"),
    path("mail/content/<int:content_id>/versions/", editor.versions, name="versions"),
    path("mail/content/<int:content_id>/versions/<int:revision>/", editor.version, name="version"),
    path(
        "mail/content/<int:content_id>/versions/<int:revision>/restore/",
        editor.restore,
        name="restore",
    ),
    path("mail/content/<int:content_id>/keep/", templates.keep, name="keep"),
    path("mail/rules/weigh/", rules.weigh, name="weigh-rule"),
    path("mail/viewers/", editor.viewers, name="viewers"),
    path("mail/blocks/", editor.saved_blocks, name="saved-blocks"),
    path("mail/blocks/<int:block_id>/forget/", editor.forget_block, name="forget-block"),
    path("mail/saved-blocks/", blocks.saved_blocks, name="saved-block-list"),
    path("mail/saved-blocks/<int:block_id>/", blocks.saved_block, name="saved-block"),
    path(
        "mail/saved-blocks/<int:block_id>/delete/", blocks.delete_block, name="saved-block-delete"
    ),
    path("mail/templates/", templates.gallery, name="templates"),
    path("mail/templates/<slug:key>/look/", templates.look, name="template-look"),
    path("mail/templates/<slug:key>/use/", templates.use, name="template-use"),
    path("mail/templates/<int:template_id>/edit/", templates.edit, name="template-edit"),
    path("mail/templates/<int:template_id>/archive/", templates.archive, name="template-archive"),
    path("mail/images/", images.library, name="images"),
    path("mail/images/choose/", images.choose, name="choose-image"),
    path("mail/images/upload/", images.upload, name="upload"),
    path("mail/images/<int:image_id>/", images.picture, name="image"),
    path("mail/images/<int:image_id>/delete/", images.delete, name="image-delete"),
]
PUBLIC = [
    path("i/ready/<slug:name>.png", images.ready_picture, name="ready-picture"),
    path("i/logo-<int:brand_id>-<str:name>", images.brand_logo, name="logo"),
    path("i/<slug:blob_hash>.<slug:extension>", images.served, name="served"),
]
LOOKING = [
    path("mail/content/<int:content_id>/links/", links.links, name="links"),
    path("mail/content/<int:content_id>/links/label/", links.choose_label, name="label-link"),
    path("mail/content/<int:content_id>/links/review/", links.review, name="review-links"),
    path("mail/content/<int:content_id>/checks/", checks.checks, name="checks"),
    path("mail/content/<int:content_id>/fix/", checks.fix, name="fix"),
    path("mail/content/<int:content_id>/preview/", preview.frame, name="preview"),
    path("mail/content/<int:content_id>/look/", preview.look, name="look"),
]
urlpatterns = [*EDITOR, *LOOKING, *PUBLIC]
