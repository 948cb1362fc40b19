"""Links: listed once each, labelled, and watched for later edits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.content.actions import create_content, freeze
from sincerely.apps.content.actions.editing import save_draft
from sincerely.apps.content.actions.links import NotLabelled, choose_label, review_links
from sincerely.apps.content.checks import check_content, walls_of
from sincerely.apps.content.links import links_of, review_of
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import content_of
from sincerely.apps.content.rules.links import is_web, with_utm
from sincerely.apps.content.rules.review import LinkReview
from sincerely.apps.engagement.actions import register_mailing
from sincerely.apps.engagement.models import Link
from sincerely.apps.labels.models import Label, LinkRule
from tests.apps.content.support import ADDRESSES, draft_of, rendered
from tests.cast import Cast

SEVEN = """<html><body>
<a href="https://shop.example/dogs?a=1&amp;b=2">Dog food</a>
<a href="https://shop.example/cats"><img src="x.png" alt="Cat food"></a>
<a href="https://shop.example/dogs?a=1&amp;b=2">Once more</a>
<a href="mailto:shop@shop.example">Write to us</a>
<a href="{{ unsubscribe_url }}">Unsubscribe</a>
<a href="https://shop.example/sale" style="display:inline-block;padding:9px">Sale</a>
<a href="https://shop.example/{{ contact.city }}">Your shop</a>
</body></html>"""


@dataclass
class Scene:
    """A draft with seven links and two labels."""

    cast: Cast
    now: datetime
    content_id: int
    dogs: Label
    cats: Label

    @property
    def content(self) -> Content:
        found = content_of(self.content_id)
        assert found is not None
        return found

    def review(self) -> LinkReview:
        return review_of(self.content, links_of(self.content))

    def label(self, url: str, label: Label | None) -> None:
        choose_label(
            self.content_id,
            url=url,
            label_id=label.pk if label else None,
            now=self.now,
            actor=self.cast.actor,
        )

    def edit(self, **changes: Any) -> None:
        save_draft(
            self.content_id,
            base_revision=self.content.revision,
            changes=changes,
            now=self.now,
            actor=self.cast.actor,
        )


@pytest.fixture
def scene(cast: Cast, now: datetime) -> Scene:
    content = create_content(
        "Seven", brand_id=cast.brand.pk, mode="html", source=SEVEN, now=now, actor=cast.actor
    )
    return Scene(
        cast,
        now,
        content.pk,
        Label.objects.create(name="Honden", created_at=now),
        Label.objects.create(name="Katten", created_at=now),
    )


@pytest.mark.requirement("R028")
def test_seven_links_give_the_documented_list(scene: Scene) -> None:
    links = links_of(scene.content)
    assert [(link.url, link.text, link.positions, link.role, link.note) for link in links] == [
        ("https://shop.example/dogs?a=1&b=2", "Dog food", (1, 3), "content", ""),
        ("https://shop.example/cats", "Cat food", (2,), "content", ""),
        ("mailto:shop@shop.example", "Write to us", (4,), "content", "mail"),
        ("{{ unsubscribe_url }}", "Unsubscribe", (5,), "unsubscribe", "system"),
        ("https://shop.example/sale", "Sale", (6,), "action", ""),
        ("https://shop.example/{{ contact.city }}", "Your shop", (7,), "content", "personal"),
    ]
    assert [link.may_be_labelled for link in links] == [True, True, False, False, True, False]
    for system in ("{{ unsubscribe_url }}", "mailto:shop@shop.example"):
        with pytest.raises(NotLabelled):
            scene.label(system, scene.dogs)
    LinkRule.objects.create(pattern="https://shop.example/cat*", label=scene.cats)
    assert links_of(scene.content)[1].label_id == scene.cats.pk
    scene.label("https://shop.example/cats", None)
    assert links_of(scene.content)[1].label_id is None


@pytest.mark.requirement("R029")
def test_a_link_edited_after_labelling_stops_the_launch_until_reviewed(scene: Scene) -> None:
    assert scene.review().state == "open"
    scene.label("https://shop.example/cats", scene.cats)
    assert scene.review().state == "current"
    assert not walls_of(scene.content)
    scene.edit(source=SEVEN.replace("shop.example/cats", "shop.example/kittens"))
    review = scene.review()
    assert review.blocks_launch
    assert [(change.url, change.was_url, change.text) for change in review.changes] == [
        ("https://shop.example/kittens", "https://shop.example/cats", "Cat food")
    ]
    (wall,) = walls_of(scene.content)
    assert wall.code == "links_changed"
    assert "kittens" in wall.message
    assert "Cat food" in wall.message
    scene.label("https://shop.example/sale", scene.dogs)
    assert scene.review().blocks_launch, "labelling another link is no review"
    review_links(scene.content_id, now=scene.now, actor=scene.cast.actor)
    assert not walls_of(scene.content)
    assert "https://shop.example/cats" not in scene.content.link_choices


def test_a_changed_address_keeps_its_label_when_the_labels_are_said_to_be_right(
    scene: Scene, client: Client
) -> None:
    scene.label("https://shop.example/cats", scene.cats)
    scene.label("https://shop.example/sale", None)
    kittens = "https://shop.example/kittens"
    scene.edit(source=SEVEN.replace("https://shop.example/cats", kittens))
    client.force_login(scene.cast.bob)
    page = client.get(f"/mail/content/{scene.content_id}/links/").content.decode()
    picker = page.split(f'value="{kittens}"')[1].split("</select>")[0]
    assert f'value="{scene.cats.pk}" selected' in picker
    bare = [one.message for one in check_content(scene.content) if one.code == "links_unlabelled"]
    assert [message.split()[0] for message in bare] == ["2"]
    client.post(f"/mail/content/{scene.content_id}/links/review/")
    found = {link.url: link.label_id for link in links_of(scene.content)}
    assert found[kittens] == scene.cats.pk
    assert found["https://shop.example/sale"] is None
    assert not walls_of(scene.content)


def test_a_changed_address_may_lose_its_label_and_other_words_never_get_it(scene: Scene) -> None:
    scene.label("https://shop.example/cats", scene.cats)
    scene.edit(source=SEVEN.replace("shop.example/cats", "shop.example/kittens"))
    scene.label("https://shop.example/kittens", None)
    review_links(scene.content_id, now=scene.now, actor=scene.cast.actor)
    assert links_of(scene.content)[1].label_id is None
    scene.label("https://shop.example/kittens", scene.cats)
    fish = SEVEN.replace("shop.example/cats", "shop.example/fish").replace("Cat food", "Fish food")
    scene.edit(source=fish)
    assert [(one.was_url, one.label_id) for one in scene.review().changes] == [
        ("https://shop.example/kittens", None)
    ]


def test_words_edited_elsewhere_leave_the_review_alone(scene: Scene) -> None:
    scene.label("https://shop.example/cats", scene.cats)
    scene.edit(source=SEVEN.replace("Dog food", "Food for dogs"), subject="New")
    assert scene.review().state == "current"
    scene.edit(
        source=SEVEN.replace('<a href="https://shop.example/sale"', "<b").replace(
            "Sale</a>", "Sale</b>"
        )
    )
    assert scene.review().state == "current"
    scene.edit(source=SEVEN.replace("<body>", '<body><a href="https://new.example/">New</a>'))
    assert [change.url for change in scene.review().changes] == ["https://new.example/"]


def test_labels_chosen_in_the_editor_count_as_a_mapping(scene: Scene) -> None:
    scene.edit(link_choices={"https://shop.example/cats": {"label": scene.cats.pk}})
    assert scene.review().state == "current"
    scene.edit(source=SEVEN.replace("shop.example/cats", "shop.example/kittens"))
    assert scene.review().blocks_launch


def test_freezing_registers_the_links_with_labels_and_utm(scene: Scene) -> None:
    scene.label("https://shop.example/cats", scene.cats)
    mailing = register_mailing("Seven", tag="campaign", now=scene.now)
    utm = {"source": "mail", "campaign": "Spring sale"}
    version = freeze(scene.content_id, mailing_id=mailing.pk, now=scene.now, utm=utm)
    again = freeze(scene.content_id, mailing_id=mailing.pk, now=scene.now, utm=utm)
    assert again.pk == version.pk
    rows = list(Link.objects.filter(mailing=mailing).order_by("number"))
    assert [row.url for row in rows] == [
        "https://shop.example/dogs?a=1&b=2&utm_source=mail&utm_campaign=Spring%20sale",
        "https://shop.example/cats?utm_source=mail&utm_campaign=Spring%20sale",
        "https://shop.example/sale?utm_source=mail&utm_campaign=Spring%20sale",
    ]
    assert [row.label_id for row in rows] == [None, scene.cats.pk, None]
    assert [row.role for row in rows] == ["content", "content", "action"]
    scene.edit(subject="Later")
    assert freeze(scene.content_id, mailing_id=mailing.pk, now=scene.now).pk != version.pk


def test_tracked_addresses_stand_in_both_parts_and_targets_where_nobody_tracks() -> None:
    found = rendered(SEVEN, {"city": "Gent & co"})
    start = ADDRESSES["link_url"]
    for body in (found.html, found.text):
        assert body.count(f"{start}1") == 2
        assert f"{start}2" in body
        assert "shop.example/cats" not in body
        assert "mailto:shop@" in body or "shop@shop.example" in body
        assert "https://shop.example/Gent%20%26%20co" in body or "Gent & co" in body
    assert found.html.count('<img src="https://t.example/o/toKEN.gif"') == 1


def test_outlooks_copy_of_a_button_is_the_same_link() -> None:
    draft = draft_of(
        "<body><!--[if mso]><v:roundrect href='https://a.example/x'>Go</v:roundrect><![endif]-->"
        "<a href='https://a.example/x'>Go</a></body>"
    )
    (link,) = draft.links
    assert link.positions == (1,)
    assert sum(1 for part in draft.compiled.html if part == {"link": 1, "as": "html"}) == 2


@pytest.mark.parametrize(
    ("url", "note"),
    [
        ("", "empty"),
        ("#", "empty"),
        ("#top", "place"),
        ("tel:+32", "phone"),
        ("shop.example", "broken"),
        ("https://", "broken"),
        ("https://shop", "broken"),
        ("htps://shop.example", "broken"),
        ("javascript:alert(1)", "broken"),
        ("https://shop example/x", "broken"),
        ("/relative", "broken"),
        ("https://café.example/ü?x=y#z", ""),
        ("http://127.0.0.1:8000/x", ""),
    ],
)
def test_addresses_that_lead_nowhere_are_named(url: str, note: str) -> None:
    (link,) = draft_of(f'<body><a href="{url}">x</a></body>').links
    assert link.note == note
    assert is_web(url) is (note == "")


def test_utm_keeps_what_is_there() -> None:
    url = "https://shop.example/x?utm_source=own&q=1#part"
    assert with_utm(url, {"source": "mail", "medium": "email", "term": ""}) == (
        "https://shop.example/x?utm_source=own&q=1&utm_medium=email#part"
    )


def test_three_links_are_labelled_in_six_clicks(scene: Scene, client: Client) -> None:
    """One open and one choose for each: the picker posts by itself and answers with the list."""
    client.force_login(scene.cast.bob)
    page = client.get(f"/mail/content/{scene.content_id}/links/")
    assert page.status_code == 200
    assert page.content.decode().count("<select") == 3
    for url in ("dogs?a=1&b=2", "cats", "sale"):
        answer = client.post(
            f"/mail/content/{scene.content_id}/links/label/",
            {"url": f"https://shop.example/{url}", "label": scene.dogs.pk},
            headers={"HX-Request": "true"},
        )
        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()
    assert [link.label_id for link in links_of(scene.content) if link.may_be_labelled] == (
        [scene.dogs.pk] * 3
    )
    client.force_login(scene.cast.vera)
    refused = client.post(f"/mail/content/{scene.content_id}/links/review/")
    assert refused.status_code == 403


def test_the_page_names_the_changed_link_and_takes_the_review(scene: Scene, client: Client) -> None:
    client.force_login(scene.cast.bob)
    scene.label("https://shop.example/cats", scene.cats)
    scene.edit(source=SEVEN.replace("shop.example/cats", "shop.example/kittens"))
    page = client.get(f"/mail/content/{scene.content_id}/links/").content.decode()
    assert "kittens" in page
    assert "was https://shop.example/cats" in page
    client.post(f"/mail/content/{scene.content_id}/links/review/")
    assert scene.review().state == "current"
