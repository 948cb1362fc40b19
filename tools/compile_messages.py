"""Compile every .po file to .mo without gettext; refuse what gettext would refuse."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib

NAMED = re.compile(r"%\((\w+)\)[sd]|(?<!\{)\{(\w+)\}(?!\})")


def main() -> int:
    """Compile the files; return 1, and compile none, where an entry is wrong."""
    sources = sorted(Path("src/sincerely").glob("**/locale/*/LC_MESSAGES/*.po"))
    files = {source: polib.pofile(str(source)) for source in sources}
    wrong = [f"{source}: {said}" for source, found in files.items() for said in faults(found)]
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    for source, found in files.items():
        if not wrong:
            found.save_as_mofile(str(source.with_suffix(".mo")))
    return 1 if wrong else 0


def faults(found: polib.POFile) -> Iterator[str]:
    """Yield what is wrong with the entries that are used: twice there, or other placeholders."""
    entries = [entry for entry in found if not entry.obsolete]
    counted = Counter((entry.msgctxt, entry.msgid) for entry in entries)
    yield from (f"twice: {msgid!r}" for (_context, msgid), count in counted.items() if count > 1)
    for entry in entries:
        if entry.fuzzy:
            continue
        wanted = names_in(entry.msgid) | names_in(entry.msgid_plural)
        for text in (entry.msgstr, *entry.msgstr_plural.values()):
            if text and not is_fit(names_in(text), wanted, is_plural=bool(entry.msgid_plural)):
                yield f"other placeholders than in {entry.msgid!r}: {text!r}"


def names_in(text: str) -> set[str]:
    """Return the named placeholders of a sentence."""
    return {one or other for one, other in NAMED.findall(text)}


def is_fit(names: set[str], wanted: set[str], *, is_plural: bool) -> bool:
    """Say whether a translation has the placeholders; of a plural, one form may leave some out."""
    return names <= wanted if is_plural else names == wanted


if __name__ == "__main__":
    sys.exit(main())
