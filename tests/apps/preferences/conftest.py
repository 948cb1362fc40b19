"""The small world of the fold, with a permission and a rendered mail."""

from __future__ import annotations

from tests.apps.engagement.conftest import world

__all__ = ["world"]
