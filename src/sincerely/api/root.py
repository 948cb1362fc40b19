"""The JSON API: every domain's `api.py` router under /api/v1/."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from ninja import NinjaAPI

api = NinjaAPI(title="Sincerely", version="1", urls_namespace="api")

ROUTERS = (
    ("team", "/team"),
    ("contacts", "/contacts"),
    ("consent", "/consent"),
    ("labels", "/labels"),
    ("interests", "/interests"),
    ("segments", "/segments"),
    ("content", "/content"),
    ("sending", "/sending"),
    ("campaigns", "/campaigns"),
    ("people", "/people"),
    ("reports", "/reports"),
)
for domain, prefix in ROUTERS:
    if find_spec(f"sincerely.apps.{domain}.api"):
        api.add_router(prefix, import_module(f"sincerely.apps.{domain}.api").router)
