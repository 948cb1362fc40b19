"""Checks: walls are few, the rest warns, says why and mends by a click; relevance counts people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.contacts.models import Contact
from sincerely.apps.content.actions import create_content
from sincerely.apps.content.actions.fixes import NotFixable, apply_fix
from sincerely.apps.content.actions.links import choose_label
from sincerely.apps.content.checks import check_content
from sincerely.apps.content.compiler import compile_draft
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import content_of, shown_blocks
from sincerely.apps.content.queries.relevance import exclusion, irrelevance
from sincerely.apps.content.rules.fallbacks import with_fallback
from sincerely.apps.content.rules.findings import Finding
from sincerely.apps.interests.actions import assign
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.compile import select
from sincerely.apps.segments.queries import count_query
from tests.cast import Cast

Make = Callable[..., Content]
EVERYBODY = {"everyone": True}


@pytest.fixture
def make(cast: Cast, now: datetime) -> Make:
    def made(source: str = "<body><p>x</p></body>", **more: Any) -> Content:
        fields = {"mode": "html", "source": source, "subject": "Hello", "preheader": "News"}
        row = create_content(
            "A mail", brand_id=cast.brand.pk, now=now, actor=cast.actor, **{**fields, **more}
        )
        found = content_of(row.pk)
        assert found is not None
        return found

    return made


def codes(content: Content, **asked: Any) -> dict[str, Finding]:
    return {finding.code: finding for finding in check_content(content, **asked)}


def block(block_id: str, html: str, **more: Any) -> dict[str, Any]:
    return {"id": block_id, "type": "text", "settings": {"html": html}, **more}


def document(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "blocks": list(blocks)}


@pytest.mark.parametrize(
    ("source", "more", "code", "severity"),
    [
        ("<p>x</p>", {"subject": ""}, "subject_empty", "warning"),
        ("<p>x</p>", {"subject": "x" * 80}, "subject_long", "hint"),
        ("<p>x</p>", {"preheader": ""}, "preheader_empty", "hint"),
        ("<p>x</p>", {}, "footer_added", "hint"),
        ("<p>{{ contact.first_name }}</p>", {}, "no_fallback", "warning"),
        ("<p>{{ contact.shoe_size }}</p>", {}, "unknown_field", "warning"),
        ("<a href='https://a.example/'>x</a>", {}, "links_unlabelled", "hint"),
        ("<a href='http://a.example/'>x</a>", {}, "link_http", "hint"),
        ("<a href='www.a.example'>x</a>", {}, "link_broken", "warning"),
        ("<a href=''>x</a>", {}, "link_empty", "warning"),
        ("<a href='https://a.example/{{ contact.email }}'>x</a>", {}, "link_personal", "hint"),
        ("<p>x</p>", {"text": ""}, "no_text", "warning"),
        ("<p>" + "long " * 22_000 + "</p>", {}, "too_large", "warning"),
        ("<img src='x.png'>", {}, "no_alt", "warning"),
        ("{% for x in y %}", {}, "cannot_compile", "wall"),
    ],
)
def test_each_finding(
    make: Make, source: str, more: dict[str, Any], code: str, severity: str
) -> None:
    found = codes(make(f"<body>{source}</body>", **more))
    assert found[code].severity == severity
    assert found[code].message


def test_a_good_mail_has_no_finding(make: Make) -> None:
    content = make(
        "<body><p>Dear {{ contact.first_name | default: 'friend' }}</p>"
        "{% if contact.last_name %}{{ contact.last_name }}{% endif %}"
        "<a href='{{ unsubscribe_url }}'>Unsubscribe</a></body>"
    )
    assert check_content(content) == []


def test_a_no_reply_address_is_warned_against(make: Make) -> None:
    assert codes(make(), refuses_replies=True)["no_reply"].severity == "warning"


def test_the_brands_postal_address_is_asked_for(make: Make) -> None:
    content = make()
    content.brand.postal_address = ""
    assert codes(content)["no_postal_address"].severity == "warning"


def test_a_broken_block_is_a_wall(make: Make) -> None:
    rule = {"criterion": "label", "test": "has", "label": 4711}
    broken = document(block("a", "<p>For all</p>"), block("b", "<p>Dogs</p>", shown_to=rule))
    content = make(mode="blocks", document=broken)
    wall = codes(content)["block_rule"]
    assert wall.is_wall
    assert wall.place == "b"


def test_fixes_mend_what_they_promise(make: Make, cast: Cast, now: datetime) -> None:
    content = make(
        "<body><p>{{ contact.first_name | upcase }}</p><a href='http://a.example/x'>x</a></body>",
        text="",
    )
    for code in ("link_http", "no_text", "no_fallback"):
        finding = codes(content)[code]
        content = apply_fix(
            content.pk, fix=finding.fix, place=finding.place, now=now, actor=cast.actor
        )
        assert code not in codes(content)
    assert "https://a.example/x" in content.source
    with pytest.raises(NotFixable):
        apply_fix(content.pk, fix="format_the_disk", now=now, actor=cast.actor)


def test_a_fallback_is_put_once() -> None:
    once = with_fallback("{{ contact.first_name | upcase }}", "first_name", "friend")
    assert once == '{{ contact.first_name | default: "friend" | upcase }}'
    assert with_fallback(once, "first_name", "x") == once


@pytest.fixture
def hundred(cast: Cast, now: datetime) -> tuple[Label, Label]:
    """50 people with Honden, 50 with Katten."""
    labels = [Label.objects.create(name=name, created_at=now) for name in ("Honden", "Katten")]
    for number in range(100):
        person = create_contact(f"p{number}@pets.example", now=now, actor=cast.actor)
        assign(person.pk, labels[number % 2].pk, route="manual", now=now, actor=cast.actor)
    return labels[0], labels[1]


@pytest.mark.requirement("R025")
def test_mail_about_dogs_to_cat_people(
    make: Make, hundred: tuple[Label, Label], cast: Cast, now: datetime
) -> None:
    dogs, _cats = hundred
    url = "https://shop.example/dogs"
    content = make(
        mode="blocks",
        document=document(
            block("a", "<p>Good morning, everybody.</p>"),
            block("b", f'<p><a href="{url}">Dog food</a></p>'),
        ),
    )
    choose_label(content.pk, url=url, label_id=dogs.pk, now=now, actor=cast.actor)
    content.refresh_from_db()
    audience = select(EVERYBODY, now=now)
    found = codes(content, audience=audience, now=now)["irrelevant"]
    assert "50 %" in found.message
    relevance = irrelevance(content, compile_draft(content).compiled, audience, now=now)
    assert (relevance.audience_count, relevance.mismatched_count) == (100, 50)
    assert relevance.share == 0.5

    # One way out: leave them out.
    create_contact("new@pets.example", now=now, actor=cast.actor)
    excluded = count_query(select(exclusion(relevance), now=now))
    assert excluded == 50, "somebody without labels is not left out"
    Contact.objects.order_by("-pk")[0].delete()
    kept = select({"all": [EVERYBODY, {"none": [exclusion(relevance)]}]}, now=now)
    after = irrelevance(content, compile_draft(content).compiled, kept, now=now)
    assert (after.audience_count, after.mismatched_count) == (50, 0)

    # The other: show the block to those whom it concerns.
    content = apply_fix(content.pk, fix="dynamic", now=now, actor=cast.actor)
    assert "irrelevant" not in codes(content, audience=audience, now=now)
    rules = {"1": content.document["blocks"][1]["shown_to"]}
    everybody = list(Contact.objects.values_list("pk", flat=True))
    with_block = shown_blocks(rules, everybody, now=now)
    assert sum(1 for numbers in with_block.values() if not numbers) == 50


def test_people_without_labels_are_not_judged(make: Make, cast: Cast, now: datetime) -> None:
    label = Label.objects.create(name="Honden", created_at=now)
    create_contact("new@pets.example", now=now, actor=cast.actor)
    content = make("<body><a href='https://a.example/'>x</a></body>")
    choose_label(content.pk, url="https://a.example/", label_id=label.pk, now=now, actor=cast.actor)
    content.refresh_from_db()
    relevance = irrelevance(
        content, compile_draft(content).compiled, select(EVERYBODY, now=now), now=now
    )
    assert (relevance.unjudged_count, relevance.mismatched_count) == (1, 0)


def test_the_page_lists_and_mends(make: Make, cast: Cast, client: Client) -> None:
    content = make("<body><a href='http://a.example/x'>x</a></body>")
    client.force_login(cast.bob)
    address = f"/mail/content/{content.pk}/checks/"
    page = client.get(address).content.decode()
    assert "use https" in page
    assert "/fix/?fix=https" in page
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    mended = client.post(
        f"/mail/content/{content.pk}/fix/?fix=https&place=http%3A%2F%2Fa.example%2Fx&back={address}"
    )
    assert mended.status_code == 302
    assert mended["Location"] == address
    content.refresh_from_db()
    assert "https://a.example/x" in content.source
    away = client.post(f"/mail/content/{content.pk}/fix/?fix=no&back=https://evil.example/")
    assert "evil" not in away["Location"]
    client.force_login(cast.vera)
    assert client.post(f"/mail/content/{content.pk}/fix/?fix=https").status_code == 403


def test_what_mail_programs_take_out_is_named(cast: Cast, now: datetime) -> None:
    source = (
        '<body onload="go()"><iframe src="https://x.example"></iframe><form></form>'
        "<p>once a year, online=no</p></body>"
    )
    content = create_content(
        "Pasted", brand_id=cast.brand.pk, mode="html", source=source, now=now, actor=cast.actor
    )
    (found,) = [one for one in check_content(content) if one.code == "active_content"]
    assert found.severity == "warning"
    assert found.message.endswith(": <form>, <iframe>, onload.")
