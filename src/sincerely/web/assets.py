"""Addresses of built styles and scripts: names with a hash, so that browsers keep them.

`frontend/build.mjs` names each file by its content and writes a manifest. Without one (nothing is
built yet) a file goes by its plain name, and is then not kept.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

from django.contrib.staticfiles.storage import StaticFilesStorage

DIST = Path(__file__).parent / "static" / "dist"


class BuiltStorage(StaticFilesStorage):
    """Knows the names that the build gave."""

    @cached_property
    def names(self) -> dict[str, str]:
        """The built names by the plain ones; read once, since an upgrade starts anew."""
        manifest = DIST / "manifest.json"
        return json.loads(manifest.read_text()) if manifest.exists() else {}

    def url(self, name: str | None) -> str:
        """Return the address of a file by its plain name."""
        folder, _, file = (name or "").rpartition("/")
        return super().url(f"dist/{self.names.get(file, file)}" if folder == "dist" else name)
