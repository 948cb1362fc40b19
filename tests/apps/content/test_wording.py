"""What is wrong with a mail: four languages for members, a code and English for programs."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import gettext, override

from sincerely.apps.content import compiler
from sincerely.apps.content.actions import create_content
from sincerely.apps.content.checks import check_content
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import content_of
from sincerely.apps.content.rules.liquid import LiquidProblem, parse_output
from sincerely.apps.content.rules.mjml import misplaced
from sincerely.apps.content.rules.wrong import PLAIN, SENTENCES, Wrong
from sincerely.apps.content.wording import said
from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import hash_secret
from tests.cast import Cast

ROOM = Path(compiler.__file__).parent
RAISED = re.compile(r"""(?:[a-z]Problem|\.problem|NotLabelled)\(\s*"([a-z_]+)\"""")
NAMED = re.compile(r"%\((\w+)\)s")
FRAME = "<mjml><mj-body>\n<mj-section><mj-column>\n{}\n</mj-column></mj-section>\n</mj-body></mjml>"
BROKEN = "<body>\n<p>one</p>\n{{ contact.x | nothing }}</body>"


def test_every_code_that_is_raised_has_a_sentence_and_every_sentence_a_code() -> None:
    raised = {code for path in ROOM.rglob("*.py") for code in RAISED.findall(path.read_text())}
    assert raised == set(SENTENCES)


@pytest.mark.parametrize("language", ["nl", "sv", "da"])
def test_every_sentence_is_there_in_every_language(language: str) -> None:
    with override(language):
        for code, sentence in SENTENCES.items():
            if sentence == PLAIN:
                continue
            other = gettext(sentence)
            assert other != sentence, code
            assert set(NAMED.findall(other)) == set(NAMED.findall(sentence)), code
            assert other % dict.fromkeys(NAMED.findall(sentence), "x"), code


def test_a_member_reads_it_with_its_line_and_numbers_as_the_language_writes_them() -> None:
    with pytest.raises(LiquidProblem) as caught:
        parse_output("contact.x | nothing", line=1234)
    with override("nl"):
        assert said(caught.value).startswith("Regel 1.234: ‘contact.x | nothing’: ")
    assert str(caught.value).startswith("Line 1234: ‘contact.x | nothing’: there is no filter")


def test_a_reason_that_is_a_sentence_of_ours_is_said_too() -> None:
    why = "This kind of block is unknown."
    with override("nl"):
        assert said(Wrong("document", why=why)) == gettext(why) != why


def drafted(cast: Cast, now: datetime, source: str, **more: Any) -> Content:
    row = create_content(
        "A mail",
        brand_id=cast.brand.pk,
        now=now,
        actor=cast.actor,
        source=source,
        **{"mode": "html", **more},
    )
    found = content_of(row.pk)
    assert found is not None
    return found


def test_the_pages_speak_the_members_language(cast: Cast, client: Client, now: datetime) -> None:
    content = drafted(cast, now, BROKEN)
    type(cast.alice).objects.filter(pk=cast.alice.pk).update(language="nl")
    client.force_login(cast.alice)
    for page in ("links", "look", "preview", "checks"):
        answer = client.get(f"/mail/content/{content.pk}/{page}/").content.decode()
        assert "Regel 3: " in answer, page
        assert "there is no filter" not in answer, page


def test_the_api_gives_a_code_with_english_words(cast: Cast, client: Client, now: datetime) -> None:
    content = drafted(cast, now, BROKEN)
    APIKey.objects.create(
        name="Key",
        prefix="k",
        secret_hash=hash_secret("secret"),
        scopes=["view"],
        member=cast.alice,
        created_at=now,
    )
    answer = client.get(
        f"/api/v1/content/{content.pk}/preview", headers={"Authorization": "Bearer secret"}
    )
    error = json.loads(answer.content)["error"]
    assert (answer.status_code, error["code"]) == (422, "filter")
    assert error["message"].startswith("Line 3: ‘contact.x | nothing’: there is no filter")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<mjml><mj-body>\n<mj-text>Hi</mj-text></mj-body></mjml>", (2, "mj-body", "mj-column")),
        (FRAME.format("<mj-section></mj-section>"), (3, "mj-column", "mj-body")),
        (FRAME.format("<mj-social-element />"), (3, "mj-column", "mj-social")),
        (FRAME.format("<mj-text><mj-button>x</mj-button></mj-text>"), (3, "mj-text", "mj-column")),
        ("<mjml><mj-body><mj-section>\n\n<mj-image /></mj-section></mj-body></mjml>",
         (3, "mj-section", "mj-column")),
    ],
)  # fmt: skip
def test_an_element_in_a_wrong_place_is_named(
    cast: Cast, now: datetime, source: str, found: tuple[int, str, str]
) -> None:
    (wrong,) = misplaced(source)
    line, parent, home = found
    assert (wrong.line, wrong.values["parent"], wrong.values["home"]) == (line, parent, home)
    findings = check_content(drafted(cast, now, source, mode="mjml"))
    (finding,) = [one for one in findings if one.code == "mjml_misplaced"]
    assert finding.message.startswith(f"Line {line}: <{wrong.values['name']}> does not belong")
    assert f"put it into <{home}>" in finding.message
    assert not finding.is_wall


def test_what_stands_right_is_not_reported() -> None:
    head = "<mj-head><mj-attributes><mj-text color='red' /><mj-all /></mj-attributes></mj-head>"
    inner = (
        f"<mjml>{head}<mj-body><mj-raw><mj-odd></mj-raw><mj-wrapper><mj-section><mj-group>"
        "{% if contact.a %}<mj-column><mj-table></mj-table></mj-column>{% endif %}"
        "</mj-group></mj-section></mj-wrapper><mj-hero><mj-text>a</mj-text></mj-hero>"
        "<mj-section><mj-column><mj-social><mj-social-element /></mj-social></mj-column>"
        "</mj-section></mj-body></mjml>"
    )
    assert misplaced(inner) == []


def test_a_block_of_mjml_stands_in_the_body(cast: Cast, now: datetime) -> None:
    code = "<mj-section><mj-column><mj-text>right</mj-text></mj-column></mj-section>\n<mj-button />"
    block = {"id": "b1", "type": "source", "settings": {"language": "mjml", "code": code}}
    document = {"version": 1, "blocks": [block]}
    findings = check_content(drafted(cast, now, "", mode="blocks", document=document))
    (finding,) = [one for one in findings if one.code == "mjml_misplaced"]
    assert (finding.place, finding.message[:18]) == ("b1", "Line 2: <mj-button")
