"""The mail providers that can be chosen: every one that the installed django-anymail knows.

Their settings are read from the source of anymail's backends, which is not run for it: importing
them takes 0.15 s, and a form only needs the names.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sincerely.wire.smtp.replies import Outcome

SECRET = re.compile(r"(secret|token|key)$")
BACKEND, READS_SETTING = "EmailBackend", "get_anymail_setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a provider, besides its secret; `usual` is what holds where it is empty."""

    name: str
    is_required: bool
    usual: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: the module of anymail's backend, its name, its secret and its settings."""

    key: str
    name: str
    secret: str
    settings: tuple[Setting, ...] = ()


# anymail gives boto3 whatever it is given, so its settings stand in no list.
AMAZON_SES = Provider(
    "amazon_ses",
    "Amazon SES",
    "aws_secret_access_key",
    (
        Setting("aws_access_key_id", is_required=False),
        Setting("region_name", is_required=True),
        Setting("configuration_set_name", is_required=False),
    ),
)
OF_BOTO = ("aws_access_key_id", "region_name")


@dataclass(frozen=True, slots=True)
class Account:
    """One account with one provider; `options` are anymail's further arguments."""

    provider: str
    secret: str
    options: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Account({self.provider})"

    def arguments(self) -> dict[str, Any]:
        """Return what anymail's backend is made with."""
        options = dict(self.options)
        if self.provider != AMAZON_SES.key:
            return {known()[self.provider].secret: self.secret, **options}
        client = {name: options.pop(name) for name in OF_BOTO if name in options}
        if self.secret:  # without one boto3 finds the machine's own credentials
            client[AMAZON_SES.secret] = self.secret
        return {**options, "client_params": {**client, **options.get("client_params", {})}}


@lru_cache(maxsize=1)
def known() -> dict[str, Provider]:
    """Return the providers by key, in the order of their names."""
    spec = find_spec("anymail.backends")
    places = list(spec.submodule_search_locations or []) if spec else []
    paths = [path for place in places for path in Path(place).glob("*.py")]
    found = [provider for path in paths if (provider := _read(path))]
    return {one.key: one for one in sorted(found, key=lambda one: one.name.casefold())}


def send(account: Account, raw: bytes) -> Outcome:
    """Hand one mail over and say what came of it; never raises for what a provider answers."""
    from sincerely.wire import provider_mail  # noqa: PLC0415 -- requests and anymail: 0.15 s

    return provider_mail.send(raw, backend=account.provider, arguments=account.arguments())


def _read(path: Path) -> Provider | None:
    """Return the provider of a backend; None for those that only test or carry an old name."""
    if path.stem == AMAZON_SES.key:
        return AMAZON_SES
    classes = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == BACKEND
    ]
    settings = [found for node in classes for found in _settings(node)]
    secrets = [one.name for one in settings if one.is_required and SECRET.search(one.name)]
    if not secrets:
        return None
    others = tuple(one for one in settings if one.name != secrets[-1])
    return Provider(path.stem, _name(classes[0]) or path.stem, secrets[-1], others)


def _name(backend: ast.ClassDef) -> str:
    for node in backend.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "esp_name":
            return str(getattr(node.value, "value", ""))
    return ""


def _settings(backend: ast.ClassDef) -> list[Setting]:
    """Return what a backend reads as text; switches keep what anymail gives them."""
    found = []
    for node in ast.walk(backend):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != READS_SETTING:
            continue
        name = str(getattr(node.args[0], "value", "")) if node.args else ""
        defaults = [word.value for word in node.keywords if word.arg == "default"]
        usual = getattr(defaults[0], "value", None) if defaults else None
        if name and not isinstance(usual, bool) and _is_text(name):
            found.append(Setting(name, not defaults, str(usual) if usual else ""))
    return found


def _is_text(name: str) -> bool:
    """Leave out what takes a switch, and the login that came before keys."""
    return not name.startswith(("generate_", "use_", "workaround_")) and name not in (
        "username",
        "password",
    )
