"""Compile every .po file below src/sincerely to .mo, without gettext."""

from __future__ import annotations

from pathlib import Path

import polib

for source in sorted(Path("src/sincerely").glob("**/locale/*/LC_MESSAGES/*.po")):
    polib.pofile(str(source)).save_as_mofile(str(source.with_suffix(".mo")))
