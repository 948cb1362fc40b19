"""Drafts from templates, autosave, versions, saved blocks and the plain form."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.content.actions.editing import (
    EditConflict,
    UnknownDesign,
    archive_template,
    create_from_template,
    restore_version,
    save_as_template,
    save_block,
    save_draft,
)
from sincerely.apps.content.compiler import compile_content
from sincerely.apps.content.models import Content, ContentRevision, SavedBlock, Template
from sincerely.apps.content.queries.editing import draft, gallery, versions
from sincerely.apps.content.ready_made import ORDER
from sincerely.apps.content.renderer import Renderer
from sincerely.apps.content.rules.document import BadDocument
from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import Actor
from tests.cast import Cast


def a_draft(cast: Cast, now: datetime, key: str = "newsletter", language: str = "en") -> Content:
    return create_from_template(
        key, name="June", brand_id=cast.brand.pk, language=language, now=now, actor=cast.actor
    )


def with_text(content: Content, words: str) -> dict[str, Any]:
    block = {"id": "new", "type": "text", "settings": {"html": f"<p>{words}</p>"}}
    return {"document": {"version": 1, "blocks": [block, *content.document["blocks"]]}}


@pytest.mark.parametrize("key", ORDER)
def test_each_design_becomes_a_draft_in_each_language(cast: Cast, now: datetime, key: str) -> None:
    for language, word in (("en", "Unsubscribe"), ("nl", "Afmelden"), ("da", "Afmeld")):
        content = a_draft(cast, now, key, language)
        assert content.document["blocks"][-1]["type"] == "footer"
        rendered = Renderer(compile_content(content)).render(
            {},
            link_url=None,
            open_url=None,
            unsubscribe_url="https://x.example/u",
            preferences_url="https://x.example/p",
        )
        assert word in rendered.html
        assert word in rendered.text
        assert "1 High Street" in rendered.html


def test_an_unknown_design_is_refused(cast: Cast, now: datetime) -> None:
    for key in ("nonsense", "4711"):
        with pytest.raises(UnknownDesign):
            a_draft(cast, now, key)


def test_a_save_makes_a_revision_and_the_same_state_again_makes_none(
    cast: Cast, now: datetime
) -> None:
    content = a_draft(cast, now)
    changes = with_text(content, "News")
    saved = save_draft(content.pk, base_revision=1, changes=changes, now=now, actor=cast.actor)
    assert saved.revision == 2
    again = save_draft(content.pk, base_revision=2, changes=changes, now=now, actor=cast.actor)
    assert again.revision == 2


def test_two_people_at_once_lose_nothing(cast: Cast, now: datetime) -> None:
    content = a_draft(cast, now)
    save_draft(content.pk, base_revision=1, changes={"subject": "Hers"}, now=now, actor=cast.actor)
    bob = Actor(member_id=cast.bob.pk)
    with pytest.raises(EditConflict) as conflict:
        save_draft(content.pk, base_revision=1, changes={"subject": "His"}, now=now, actor=bob)
    assert conflict.value.content.subject == "Hers"
    on_top = save_draft(content.pk, base_revision=2, changes={"subject": "His"}, now=now, actor=bob)
    assert on_top.subject == "His"
    subjects = ContentRevision.objects.order_by("revision").values_list("state__subject", flat=True)
    assert list(subjects)[-2:] == ["Hers", "His"]


def test_versions_are_the_ends_of_bursts_and_can_be_restored(cast: Cast, now: datetime) -> None:
    content = a_draft(cast, now)
    for minute, subject in enumerate(["a", "b", "c", "d", "e", "f", "g"], start=1):
        content = save_draft(
            content.pk,
            base_revision=content.revision,
            changes={"subject": subject},
            now=now + timedelta(minutes=minute),
            actor=cast.actor,
        )
    kept = ContentRevision.objects.order_by("revision").values_list("state__subject", flat=True)
    assert list(kept)[1:] == ["e", "g"]
    first = versions(content.pk)[-1]["revision"]
    back = restore_version(
        content.pk,
        revision=first,
        base_revision=content.revision,
        now=now + timedelta(hours=1),
        actor=cast.actor,
    )
    assert back.subject == "What kept us busy this month"
    assert back.revision == content.revision + 1
    assert "g" in [row.state["subject"] for row in ContentRevision.objects.all()]


def test_edits_are_audited_once_a_burst(cast: Cast, now: datetime) -> None:
    content = a_draft(cast, now)
    for second in range(3):
        content = save_draft(
            content.pk,
            base_revision=content.revision,
            changes={"subject": str(second)},
            now=now + timedelta(seconds=second),
            actor=cast.actor,
        )
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["content.created", "content.edited"]


def test_a_template_of_ones_own(cast: Cast, now: datetime) -> None:
    content = a_draft(cast, now)
    save_draft(
        content.pk, base_revision=1, changes=with_text(content, "Ours"), now=now, actor=cast.actor
    )
    template = save_as_template(
        content.pk, name="Our letter", description="", now=now, actor=cast.actor
    )
    assert gallery("en")[0].name == "Our letter"
    made = a_draft(cast, now, str(template.pk))
    assert "Ours" in json.dumps(made.document)
    archive_template(template.pk, now=now, actor=cast.actor)
    assert "Our letter" not in [card.name for card in gallery("en")]
    with pytest.raises(UnknownDesign):
        a_draft(cast, now, str(template.pk))
    assert Content.objects.filter(pk=made.pk).exists()


def test_a_saved_block_is_cleaned_and_replaced_by_name(cast: Cast, now: datetime) -> None:
    for html in ("<p>one</p>", "<p>two</p><script>x</script>"):
        block = {"id": "b9", "type": "text", "settings": {"html": html}}
        save_block(name="Greeting", block=block, now=now, actor=cast.actor)
    assert SavedBlock.objects.get().block["settings"]["html"] == "<p>two</p>"
    with pytest.raises(BadDocument):
        save_block(name="x", block={"type": "marquee"}, now=now, actor=cast.actor)


class TestPages:
    """The editor's pages and what its island asks for."""

    @pytest.fixture
    def alice(self, cast: Cast, client: Client) -> Client:
        client.force_login(cast.alice)
        return client

    def test_autosave_answers_the_revision_and_what_to_mend(
        self, alice: Client, cast: Cast, now: datetime
    ) -> None:
        content = a_draft(cast, now)
        answer = alice.put(
            f"/mail/content/{content.pk}/save/",
            json.dumps({"revision": 1, "changes": {"subject": "New"}}),
            content_type="application/json",
        )
        assert answer.status_code == 200
        assert answer.json()["revision"] == 2
        assert re.fullmatch(r"\d\d:\d\d", answer.json()["at"])
        assert "button-link" in [problem["code"] for problem in answer.json()["problems"]]

    def test_a_conflict_says_so_and_shows_what_stands(
        self, alice: Client, cast: Cast, now: datetime
    ) -> None:
        content = a_draft(cast, now)
        save_draft(
            content.pk, base_revision=1, changes={"subject": "Theirs"}, now=now, actor=cast.actor
        )
        answer = alice.put(
            f"/mail/content/{content.pk}/save/",
            json.dumps({"revision": 1, "changes": {"subject": "Mine"}}),
            content_type="application/json",
        )
        assert answer.status_code == 409
        assert answer.json()["state"]["subject"] == "Theirs"
        assert answer.json()["revision"] == 2

    @pytest.mark.parametrize(
        "changes", [{"document": {"blocks": [{"id": "a", "type": "?"}]}}, {"brand": 2}, [], "x"]
    )
    def test_nonsense_is_refused_in_words(
        self, alice: Client, cast: Cast, now: datetime, changes: Any
    ) -> None:
        content = a_draft(cast, now)
        answer = alice.put(
            f"/mail/content/{content.pk}/save/",
            json.dumps({"revision": 1, "changes": changes}),
            content_type="application/json",
        )
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["message"]

    def test_the_plain_form_writes_adds_and_moves(
        self, alice: Client, cast: Cast, now: datetime
    ) -> None:
        content = a_draft(cast, now, "announcement")
        address = f"/mail/content/{content.pk}/edit/"
        page = alice.get(address)
        fields = {
            field.html_name: field.value() or ""
            for row in page.context["rows"]
            for field in row.form
        }
        fields |= {"revision": "1", "subject": "Plain", "preheader": ""}
        fields["block-b2-html"] = "<p>Written without a script</p>"
        assert alice.post(address, fields | {"do": "down:b2"}).status_code == 302
        stored = draft(content.pk)
        assert stored is not None
        assert stored.subject == "Plain"
        assert [row["id"] for row in stored.document["blocks"]][:3] == ["b1", "b3", "b2"]
        assert "Written without a script" in json.dumps(stored.document)
        stale = alice.post(address, fields | {"do": "add:button"})
        assert stale.status_code == 409
        assert b"still below" in stale.content

    def test_versions_and_text_are_answered(self, alice: Client, cast: Cast, now: datetime) -> None:
        content = a_draft(cast, now)
        kept = alice.get(f"/mail/content/{content.pk}/versions/").json()["items"]
        assert [row["revision"] for row in kept] == [1]
        text = alice.get(f"/mail/content/{content.pk}/text/").json()["text"]
        assert "A good month to look up" in text

    def test_gallery_use_and_look(self, alice: Client, cast: Cast) -> None:
        assert alice.get("/mail/templates/").content.count(b"<iframe") == len(ORDER)
        look = alice.get("/mail/templates/welcome/look/")
        assert b"Welcome. Good to have you." in look.content
        assert "script-src" not in look["Content-Security-Policy"]
        made = alice.post(
            "/mail/templates/welcome/use/",
            {"name": "Hello", "brand": cast.brand.pk, "language": "sv"},
        )
        content = Content.objects.get()
        assert made["Location"] == f"/mail/content/{content.pk}/edit/"
        assert content.language == "sv"
        assert "Välkommen" in json.dumps(content.document, ensure_ascii=False)

    def test_keep_manage_and_archive_a_template(
        self, alice: Client, cast: Cast, now: datetime
    ) -> None:
        content = a_draft(cast, now)
        alice.post(f"/mail/content/{content.pk}/keep/", {"name": "Ours", "description": "Monthly"})
        template = Template.objects.get()
        alice.post(f"/mail/templates/{template.pk}/edit/", {"name": "Ours 2", "description": ""})
        assert b"Ours 2" in alice.get("/mail/templates/").content
        alice.post(f"/mail/templates/{template.pk}/archive/")
        assert b"Ours 2" not in alice.get("/mail/templates/").content

    def test_a_viewer_may_look_at_designs_but_not_write(
        self, client: Client, cast: Cast, now: datetime
    ) -> None:
        content = a_draft(cast, now)
        client.force_login(cast.vera)
        assert client.get("/mail/templates/").status_code == 200
        for address in (f"/mail/content/{content.pk}/edit/", "/mail/images/", "/mail/blocks/"):
            assert client.get(address).status_code == 403
