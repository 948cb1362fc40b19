"""Charlie sees nothing: every address of the product, walked as a stranger and in each role."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sincerely.apps.team.rules import Capability, Role, may
from tests.cast import Cast

# What a stranger may reach, each for a reason:
PUBLIC = (
    "/account/",  # login itself; allauth guards the rest of it (see below)
    "/set-up/x/",  # the one-time link carries its own secret
    "/join/",  # so does an invitation
    "/p/",  # a contact's own pages, by the token in their mail
    "/i/",  # pictures in mails
    "/api/v1/",  # answers 401 without a key; tests/api walks its operations
)
REFUSED = {401, 403, 405}


@dataclass(frozen=True)
class Address:
    path: str
    view: Callable[..., Any]

    @property
    def capability(self) -> Capability | None:
        return getattr(self.view, "capability", None)

    @property
    def is_public(self) -> bool:
        return self.path.startswith(PUBLIC)


FILLERS = {"int": "999999", "str": "x", "slug": "x", "path": "x", "uuid": "0" * 32}


def walk(patterns: list[Any], prefix: str = "/") -> Iterator[Address]:
    for pattern in patterns:
        route = str(pattern.pattern)
        filled = re.sub(r"<(?:(\w+):)?\w+>", lambda m: FILLERS[m.group(1) or "str"], route)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, prefix + filled)
        elif isinstance(pattern, URLPattern) and not route.startswith("^"):
            yield Address(prefix + filled, pattern.callback)


ADDRESSES = [one for one in walk(get_resolver().url_patterns) if not one.path.startswith("//")]
OURS = [one for one in ADDRESSES if not one.is_public]


def is_refusal(response: Any) -> bool:
    if response.status_code in REFUSED:
        return True
    return response.status_code == 302 and response["Location"].startswith("/account/login/")


def test_the_walk_finds_the_product() -> None:
    assert len(OURS) > 40
    assert "/settings/members/" in {one.path for one in OURS}


def test_every_page_has_a_guard() -> None:
    bare = [one.path for one in OURS if one.capability is None]
    assert bare == [], f"no @requires on {bare}"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_refused_everywhere(cast: Cast, client: Client, method: str) -> None:
    seen = [one.path for one in OURS if not is_refusal(getattr(client, method)(one.path))]
    assert seen == []


def test_a_deactivated_member_is_a_stranger(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    assert client.get("/").status_code == 200
    cast.bob.is_active = False
    cast.bob.save()
    assert is_refusal(client.get("/"))


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ANALYST, Role.VIEWER])
def test_a_role_gets_403_where_it_may_not(cast: Cast, client: Client, role: Role) -> None:
    member = {"editor": cast.bob, "analyst": cast.ann_lyst, "viewer": cast.vera}[role.value]
    client.force_login(member)
    forbidden = [one for one in OURS if one.capability and not may(role, one.capability)]
    assert forbidden
    wrong = []
    for one in forbidden:
        for method in ("get", "post"):
            status = getattr(client, method)(one.path).status_code
            if status not in {403, 405}:
                wrong.append((method, one.path, status))
    assert wrong == []


def test_pages_without_arguments_answer_for_the_owner(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    broken = []
    for one in OURS:
        if "999999" in one.path or "/x/" in one.path or one.path.endswith("/x"):
            continue
        status = client.get(one.path).status_code
        if status not in {200, 302, 400, 404, 405, 422}:
            broken.append((one.path, status))
    assert broken == []


def test_account_pages_beyond_the_login_need_a_member(cast: Cast, client: Client) -> None:
    for path in ("/account/password/change/", "/account/2fa/", "/account/2fa/totp/activate/"):
        assert is_refusal(client.get(path)), path


def test_nothing_answers_before_there_is_an_owner(db: None, client: Client) -> None:
    response = client.get("/account/login/")
    assert response.status_code == 503
    assert "sincerely owner-link" in response.content.decode()


def test_pages_refuse_a_post_without_the_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice)
    response = client.post("/settings/me/", {"name": "Eve"})
    assert response.status_code == 403
    cast.alice.refresh_from_db()
    assert cast.alice.name == "Alice"
