# ruff: noqa: E501 -- golden sentences are read as they are
"""Golden sentences in four languages, from the .po files themselves."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from sincerely.apps.segments.rules import Catalogue, sentence
from sincerely.apps.segments.rules.catalogue import FieldEntry
from sincerely.apps.segments.rules.ready_made import asleep_since

LOCALES = Path(__file__).parents[3] / "src/sincerely/apps/segments/locale"
NAMES = Catalogue(
    labels={3: "Honden"},
    lists={1: "List 1"},
    types={1: "News"},
    mailings={5: "Spring"},
    fields={"custom.country": FieldEntry("Country", "text")},
)
ASLEEP = asleep_since(5)["all"][0]
DOGS = {
    "all": [
        {"criterion": "label_clicks", "label": 3, "at_least": 2, "days": 90},
        {"criterion": "field", "field": "custom.country", "value": "BE"},
        {"none": [{"criterion": "list", "list": 1}]},
    ]
}
GOLDEN = {
    "en": (
        (
            "People (who received “Spring” but did not open it, and for whom the last open is more "
            "than 52 weeks ago), or (who received “Spring” but did not open it, and for whom the last "
            "open is unknown)."
        ),
        (
            "People who clicked links labelled “Honden” at least 2 times in the last 90 days, and "
            "whose Country is “BE”, and (except those on the list “List 1”)."
        ),
    ),
    "nl": (
        (
            "Mensen (die “Spring” ontvingen maar deze niet openden, en voor wie de laatste opening "
            "meer dan 52 weken geleden is), of (die “Spring” ontvingen maar deze niet openden, en "
            "voor wie de laatste opening onbekend is)."
        ),
        (
            "Mensen die minstens 2 keer klikten op links met het label “Honden” in de laatste 90 "
            "dagen, en van wie Country “BE” is, en (behalve degenen op de lijst “List 1”)."
        ),
    ),
    "sv": (
        (
            "Personer (som fick “Spring” men inte öppnade det, och för vilka den senaste öppningen "
            "är mer än 52 veckor sedan), eller (som fick “Spring” men inte öppnade det, och för vilka "
            "den senaste öppningen är okänd)."
        ),
        (
            "Personer som klickade minst 2 gånger på länkar med etiketten “Honden” under de senaste "
            "90 dagarna, och vars Country är “BE”, och (utom de på listan “List 1”)."
        ),
    ),
    "da": (
        (
            "Personer (som modtog “Spring”, men ikke åbnede den, og for hvem den seneste åbning er "
            "mere end 52 uger siden), eller (som modtog “Spring”, men ikke åbnede den, og for hvem "
            "den seneste åbning er ukendt)."
        ),
        (
            "Personer som klikkede mindst 2 gange på links med labelen “Honden” inden for de seneste "
            "90 dage, og hvis Country er “BE”, og (undtagen dem på listen “List 1”)."
        ),
    ),
}


@pytest.mark.parametrize("language", GOLDEN)
@pytest.mark.requirement("R050")
def test_golden_sentences(language: str) -> None:
    known: dict[str, str] = {}
    if language != "en":
        entries = polib.pofile(str(LOCALES / language / "LC_MESSAGES/django.po"))
        known = {entry.msgid: entry.msgstr for entry in entries}

    def say(text: str) -> str:
        return text if language == "en" else known[text]

    assert (sentence(ASLEEP, NAMES, say), sentence(DOGS, NAMES, say)) == GOLDEN[language]


def test_every_translation_keeps_its_places() -> None:
    for path in LOCALES.glob("*/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            if not entry.msgstr or entry.obsolete or entry.fuzzy:
                continue
            for place in ("{field}", "{value}", "{what}", "{mail}", "{n}", "{m}", "{days}"):
                assert (place in entry.msgid) == (place in entry.msgstr), entry.msgid


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"criterion": "label_clicks", "label": 3}, "“Honden” at least once."),
        (
            {"criterion": "label_clicks", "label": 3, "at_least": 0, "at_most": 1, "days": 1},
            "“Honden” at most once in the last day.",
        ),
        (
            {"criterion": "label_clicks", "label": 3, "counting": "days"},
            "“Honden” on at least one day.",
        ),
        ({"criterion": "label_clicks", "label": 3, "at_least": 3}, "at least 3 times."),
        ({"criterion": "count", "of": "opened"}, "with at least one open."),
        ({"criterion": "count", "of": "sent", "at_least": 2}, "with at least 2 mails sent."),
    ],
)
def test_one_is_said_in_words_of_its_own(node: dict[str, object], words: str) -> None:
    assert sentence(node, NAMES).endswith(words)
