"""Fixtures of the engines' tests: the small world of the fold."""

from __future__ import annotations

from tests.apps.engagement.conftest import world

__all__ = ["world"]
