"""Blocks by rule and previews: what each person sees, and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.content.actions import create_content, freeze
from sincerely.apps.content.checks import walls_of
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import (
    content_of,
    people_facts,
    renderer_of,
    shown_blocks,
    version_of,
)
from sincerely.apps.content.queries.preview import Viewer, preview
from sincerely.apps.content.renderer import Renderer, RenderProblem
from sincerely.apps.engagement.actions import register_mailing
from sincerely.apps.interests.actions import assign
from sincerely.apps.interests.models import LabelDay
from sincerely.apps.labels.models import Label
from tests.apps.content.support import ADDRESSES, assert_same, draft_of
from tests.cast import Cast

Draft = Callable[..., Content]


@pytest.fixture
def blocks(cast: Cast, now: datetime) -> Draft:
    def made(*rows: dict[str, Any], **more: Any) -> Content:
        row = create_content(
            "Blocks",
            brand_id=cast.brand.pk,
            document={"version": 1, "blocks": list(rows)},
            subject="Hello {{ contact.first_name | default: 'friend' }}",
            now=now,
            actor=cast.actor,
            **more,
        )
        found = content_of(row.pk)
        assert found is not None
        return found

    return made


def text(block_id: str, words: str, **more: Any) -> dict[str, Any]:
    return {"id": block_id, "type": "text", "settings": {"html": f"<p>{words}</p>"}, **more}


def has(label: Label) -> dict[str, Any]:
    return {"criterion": "label", "test": "has", "label": label.pk}


@pytest.fixture
def pets(cast: Cast, now: datetime) -> tuple[Label, Label]:
    dogs, cats = (Label.objects.create(name=name, created_at=now) for name in ("Honden", "Katten"))
    return dogs, cats


def person(name: str, cast: Cast, now: datetime, *labels: Label) -> int:
    contact = create_contact(f"{name}@pets.example", now=now, actor=cast.actor, first_name=name)
    for label in labels:
        assign(contact.pk, label.pk, route="manual", now=now, actor=cast.actor)
    return contact.pk


def as_sent(content: Content, contact_ids: list[int], now: datetime) -> dict[int, str]:
    """Freeze the mail and render it as the sender does: one statement per rule and batch."""
    mailing = register_mailing("Blocks", tag="campaign", now=now)
    freeze(content.pk, mailing_id=mailing.pk, now=now)
    version = version_of(mailing.pk)
    assert version is not None
    renderer = renderer_of(version.pk)
    people = people_facts(contact_ids, renderer.fields, now=now)
    shown = shown_blocks(version.block_rules, contact_ids, now=now)
    return {
        pk: renderer.render(people[pk], **ADDRESSES, shown=shown[pk]).html for pk in contact_ids
    }


@pytest.mark.requirement("R066")
def test_dogs_cats_and_neither(
    blocks: Draft, pets: tuple[Label, Label], cast: Cast, now: datetime
) -> None:
    dogs, cats = pets
    content = blocks(
        text("d", "Dog news", shown_to=has(dogs), otherwise=text("x", "News for everybody")),
        text("c", "Cat news", shown_to=has(cats)),
    )
    ids = [
        person("Dora", cast, now, dogs),
        person("Cleo", cast, now, cats),
        person("Nemo", cast, now),
    ]
    dora, cleo, nemo = as_sent(content, ids, now).values()
    assert ("Dog news" in dora, "Cat news" in dora, "everybody" in dora) == (True, False, False)
    assert ("Dog news" in cleo, "Cat news" in cleo, "everybody" in cleo) == (False, True, True)
    assert ("Dog news" in nemo, "Cat news" in nemo, "everybody" in nemo) == (False, False, True)
    for html in (dora, cleo, nemo):
        assert "<!--" not in re.sub(
            r"<!--\[if.*?<!\[endif\]-->|<!--(?:<!\[endif\])?-->", "", html, flags=re.DOTALL
        )


@pytest.mark.requirement("R066")
def test_an_empty_mail_is_impossible(
    blocks: Draft, pets: tuple[Label, Label], cast: Cast, now: datetime
) -> None:
    dogs, cats = pets
    content = blocks(
        text("d", "Dog news", shown_to=has(dogs)), text("c", "Cat", shown_to=has(cats))
    )
    assert [wall.code for wall in walls_of(content)] == ["empty"]
    nemo = person("Nemo", cast, now)
    with pytest.raises(RenderProblem):
        as_sent(content, [nemo], now)
    assert "Dog news" in next(iter(as_sent(content, [person("D", cast, now, dogs)], now).values()))


@pytest.mark.requirement("R067")
def test_a_block_by_number_of_label_clicks(
    blocks: Draft, pets: tuple[Label, Label], cast: Cast, now: datetime
) -> None:
    dogs, _cats = pets
    rule = {"criterion": "label_clicks", "label": dogs.pk, "at_least": 3}
    content = blocks(text("a", "Hello"), text("d", "For dog lovers", shown_to=rule))
    ids = [person(f"p{clicks}", cast, now) for clicks in (0, 2, 5)]
    for contact_id, clicks in zip(ids, (0, 2, 5), strict=True):
        if clicks:
            LabelDay.objects.create(
                contact_id=contact_id, label=dogs, day=date(2026, 6, 1), human_count=clicks
            )
    sent = as_sent(content, ids, now)
    assert ["For dog lovers" in html for html in sent.values()] == [False, False, True]


def test_liquid_reads_labels_and_clicks(
    blocks: Draft, pets: tuple[Label, Label], cast: Cast, now: datetime
) -> None:
    dogs, _cats = pets
    content = blocks(
        text(
            "a", "{% if contact.labels contains 'Honden' %}Woof{% endif %} {{ contact.first_name }}"
        )
        | {"type": "text"},
        text("b", "{% if contact.label_clicks['Honden'] &gt; 1 %}Again{% endif %} {{ today }}"),
    )
    dora = person("Dora", cast, now, dogs)
    LabelDay.objects.create(contact_id=dora, label=dogs, day=date(2026, 6, 1), human_count=2)
    html = as_sent(content, [dora], now)[dora]
    assert "Woof" in html
    assert "Again" in html
    assert "2026-06-15" in html


def test_a_rule_whose_label_is_gone_shows_the_alternative(
    blocks: Draft, pets: tuple[Label, Label], cast: Cast, now: datetime
) -> None:
    dogs, cats = pets
    content = blocks(
        text("d", "Dog news", shown_to=has(dogs), otherwise=text("x", "News for everybody"))
    )
    dora = person("Dora", cast, now, dogs)
    mailing = register_mailing("Blocks", tag="campaign", now=now)
    version = freeze(content.pk, mailing_id=mailing.pk, now=now)
    Label.objects.filter(pk=dogs.pk).update(merged_into=cats)
    assert shown_blocks(version.block_rules, [dora], now=now) == {dora: frozenset()}


@pytest.mark.parametrize("language", ["en", "nl", "sv", "da"])
@pytest.mark.parametrize("mode", ["html", "mjml"])
def test_the_footer_cannot_be_lost(mode: str, language: str) -> None:
    words = {"en": "Unsubscribe", "nl": "Afmelden", "sv": "Avregistrera", "da": "Afmeld"}
    source = {
        "html": "<body>{% if contact.x %}<a href='{{ unsubscribe_url }}'>bye</a>{% endif %}</body>",
        "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column>"
        "</mj-section></mj-body></mjml>",
    }[mode]
    found = assert_same(draft_of(source, mode=mode, language=language), {})
    for part in (found.html, found.text):
        assert words[language] in part
        assert "https://t.example/u/toKEN" in part
        assert "https://t.example/p/toKEN" in part
        assert "High Street" in part


def test_a_complete_footer_is_left_alone() -> None:
    own = (
        "<body><p>Hi</p><a href='{{ unsubscribe_url }}'>out</a> "
        "<a href='{{ preferences_url }}'>choose</a> 1 High Street, Ghent</body>"
    )
    assert assert_same(draft_of(own), {}).html.count("t.example/u/") == 1


@pytest.mark.requirement("R059")
def test_both_parts_are_there_and_the_text_can_be_edited(blocks: Draft, now: datetime) -> None:
    content = blocks(text("a", "Good <b>morning</b>"))
    seen = preview(content, Viewer(), now=now)
    assert "<b>morning</b>" in seen.rendered.html
    assert "Good morning" in seen.rendered.text
    content.is_text_edited, content.text = True, "Only {{ contact.first_name }} https://a.example/x"
    renderer = Renderer(draft_of("<body>x</body>", edited_text=content.text).compiled)
    said = renderer.render({"first_name": "Ann"}, **ADDRESSES).text
    assert said.startswith(f"Only Ann {ADDRESSES['link_url']}1\n")
    assert renderer.targets == {1: "https://a.example/x"}
    assert "Unsubscribe: https://t.example/u/toKEN" in said


def test_the_generated_text_can_be_taken_over_for_editing() -> None:
    draft = draft_of(
        "<body><!--block:a--><p>Hi {{ contact.first_name | default: 'you' }}</p><!--/block:a-->"
        "<p><a href='https://a.example/x'>Go</a></p></body>"
    )
    again = draft_of("<body>x</body>", edited_text=draft.text_source)
    assert again.compiled.text == draft.compiled.text


def test_the_preview_as_contact_persona_and_nobody(
    blocks: Draft, pets: tuple[Label, Label], cast: Cast, now: datetime
) -> None:
    dogs, cats = pets
    content = blocks(
        text("d", "Dog news", shown_to=has(dogs), otherwise=text("x", "News for everybody")),
        text("a", "Dear {{ contact.first_name | default: 'friend' }}"),
    )
    dora = person("Dora", cast, now, dogs)
    seen = preview(content, Viewer.read(str(dora)), now=now)
    assert "Dear Dora" in seen.rendered.html
    assert [(block.block_id, block.is_shown) for block in seen.blocks] == [("d", True)]
    assert "Honden" in seen.blocks[0].rule
    assert seen.missing == ()
    as_cat = preview(content, Viewer.read(f"label-{cats.pk}"), now=now)
    assert "everybody" in as_cat.rendered.html
    assert as_cat.missing == ("first_name",)
    as_dog = preview(content, Viewer.read(f"label-{dogs.pk}"), now=now)
    assert "Dog news" in as_dog.rendered.html
    assert "everybody" in preview(content, Viewer.read("nobody"), now=now).rendered.html
    assert "Dog news" in preview(content, Viewer.read(""), now=now).rendered.html


@pytest.mark.parametrize("mode", ["desktop", "phone", "dark", "text"])
def test_the_frame_runs_nothing_and_tracks_nothing(
    blocks: Draft, cast: Cast, client: Client, mode: str
) -> None:
    content = blocks(text("a", "<script>alert(1)</script>Go <a href='https://a.example/'>on</a>"))
    client.force_login(cast.vera)
    answer = client.get(f"/mail/content/{content.pk}/preview/?mode={mode}")
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-same-origin" in policy
    assert "script-src" not in policy
    page = answer.content.decode()
    assert "<script" not in page
    assert "https://a.example/" in page
    assert answer.get("X-Frame-Options", "SAMEORIGIN") == "SAMEORIGIN"
    assert "/o/" not in page


def test_the_page_says_which_blocks_and_why(
    blocks: Draft, pets: tuple[Label, Label], cast: Cast, client: Client, now: datetime
) -> None:
    dogs, _cats = pets
    dora = person("Dora", cast, now, dogs)
    content = blocks(text("a", "Hi"), text("d", "Dog news", shown_to=has(dogs)))
    client.force_login(cast.vera)
    page = client.get(f"/mail/content/{content.pk}/look/?as={dora}&q=Dora").content.decode()
    assert "Honden" in page
    assert f"/mail/content/{content.pk}/preview/?mode=desktop&amp;as={dora}" in page
    assert "Dora" in page
    assert client.get("/mail/content/999999/look/").status_code == 404
    client.logout()
    assert client.get(f"/mail/content/{content.pk}/preview/").status_code == 302


def test_a_broken_mail_says_so_in_its_frame(cast: Cast, client: Client, now: datetime) -> None:
    content = create_content(
        "Broken",
        brand_id=cast.brand.pk,
        mode="html",
        source="<body>{% for x %}</body>",
        now=now,
        actor=cast.actor,
    )
    client.force_login(cast.bob)
    for name in ("preview", "look", "links", "checks"):
        answer = client.get(f"/mail/content/{content.pk}/{name}/")
        assert answer.status_code == 200
        assert "no tag ‘for’" in answer.content.decode()
