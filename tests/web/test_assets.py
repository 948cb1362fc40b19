"""Built files go by names with a hash, which browsers may keep for ever."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from sincerely.web import assets


def test_built_names_are_used_and_may_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"app.css": "app-1E313E35.css"}))
    monkeypatch.setattr(assets, "DIST", tmp_path)
    url = assets.BuiltStorage().url("dist/app.css")
    assert url == "/static/dist/app-1E313E35.css"
    assert re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, url)


def test_without_a_build_the_plain_name_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "DIST", tmp_path)
    url = assets.BuiltStorage().url("dist/app.css")
    assert url == "/static/dist/app.css"
    assert not re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, url)
