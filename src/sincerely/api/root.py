"""The JSON API: every domain's `api.py` router under /api/v1/."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ninja import NinjaAPI

from sincerely.api.errors import register_errors
from sincerely.api.parsing import StrictParser
from sincerely.api.shape import ROOT

DESCRIPTION = (
    "Authenticate with `Authorization: Bearer <key>` (Settings, API keys). "
    "Lists page by `after` and `limit`; the answer's `next` is the following `after`. "
    "Every write takes an `Idempotency-Key` header: repeats within 48 hours get the first answer. "
    'Errors look like `{"error": {"code", "message", "fields"}}`.'
)


class Api(NinjaAPI):
    """Knows its address by itself: the pages' URL root does not have the API (see `shape`)."""

    def get_root_path(self, path_params: dict[str, Any]) -> str:
        """Return the address below which every endpoint is."""
        return ROOT


api = Api(
    title="Sincerely",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    parser=StrictParser(),
    docs_url=None,  # its page would load scripts from elsewhere; ours is /settings/api/
)
register_errors(api)

ROUTERS = (
    ("team", "/team"),
    ("contacts", "/contacts"),
    ("consent", "/consent"),
    ("labels", "/labels"),
    ("engagement", "/engagement"),
    ("interests", "/interests"),
    ("segments", "/segments"),
    ("content", "/content"),
    ("sending", "/sending"),
    ("preferences", "/preferences"),
    ("campaigns", "/campaigns"),
    ("people", "/people"),
    ("reports", "/reports"),
)
for domain, prefix in ROUTERS:
    if find_spec(f"sincerely.apps.{domain}.api"):
        api.add_router(prefix, import_module(f"sincerely.apps.{domain}.api").router)
