"""What gettext would refuse in a translation is refused before it is compiled."""

from __future__ import annotations

import polib
import pytest
from tools.compile_messages import faults


def entry(msgid: str, msgstr: str, **more: object) -> polib.POEntry:
    return polib.POEntry(msgid=msgid, msgstr=msgstr, **more)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry("%(count)s people", "%(aantal)s mensen")], ["other placeholders"]),
        ([entry("%(count)s people", "mensen")], ["other placeholders"]),
        ([entry("Hello {name}", "Hallo {naam}")], ["other placeholders"]),
        ([entry("Stop", "Stop"), entry("Stop", "Halt")], ["twice"]),
        ([entry("100 % sure", "100 % zeker"), entry("New", "")], []),
        ([entry("%(count)s people", "%(aantal)s mensen", flags=["fuzzy"])], []),
        ([entry("{{ contact }} left", "weg is {{ contact }}")], []),
    ],
)
def test_wrong_entries_are_named(entries: list[polib.POEntry], said: list[str]) -> None:
    found = polib.POFile()
    found.extend(entries)
    assert [fault.split(":")[0].split(" than")[0] for fault in faults(found)] == said


def test_one_form_of_a_plural_may_leave_the_number_out() -> None:
    forms = {0: "één mens", 1: "%(count)s mensen"}
    found = polib.POFile()
    found.append(
        entry("%(count)s person", "", msgid_plural="%(count)s people", msgstr_plural=forms)
    )
    assert list(faults(found)) == []
