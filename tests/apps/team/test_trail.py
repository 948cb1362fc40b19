"""The audit trail: every code has words, and what happens at the door is in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import (
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

import sincerely
from sincerely.apps.consent.models import Act
from sincerely.apps.content.models import SavedBlock
from sincerely.apps.sending.models import Restraint
from sincerely.apps.team.act_words import ACTS, LEGAL, act_words
from sincerely.apps.team.actions import audit
from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import PROGRAM
from tests.cast import Cast

SOURCE = Path(sincerely.__file__).parent
CODE = re.compile(r"[a-z_-]+( [a-z_-]+)*(\.[a-z_]+)?")
# What stands after the fixed part of a code that is put together.
ENDINGS = {"mailing.": ("open", "paused"), "consent ": tuple(Act.values), LEGAL: ("anything",)}


def codes() -> Iterator[tuple[str, str]]:
    """Every code that the source writes into the trail, with its place."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for scope in ast.walk(tree):
            if isinstance(scope, ast.FunctionDef) and scope.name != "audit":
                for call in ast.walk(scope):
                    if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit", "_audit"):
                        place = f"{path.relative_to(SOURCE)}:{call.lineno}"
                        at = 0 if ast.unparse(call.func) == "_audit" else 1
                        yield from ((code, place) for code in _values(call.args[at], scope))


def _values(node: ast.expr, scope: ast.FunctionDef) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _values(node.body, scope)
        yield from _values(node.orelse, scope)
    elif isinstance(node, ast.JoinedStr):
        fixed = str(getattr(node.values[0], "value", ""))
        yield from (fixed + ending for ending in ENDINGS.get(fixed, ("?",)))
    elif isinstance(node, ast.Name):
        for one in ast.walk(scope):
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == node.id:
                yield from _values(one.value, scope)


def test_every_code_in_the_source_has_words() -> None:
    found = list(codes())
    assert len({code for code, _place in found}) > 80
    assert [(code, at) for code, at in found if act_words(code) == code] == []


def test_no_words_for_codes_that_nobody_writes() -> None:
    text = "\n".join(
        path.read_text() for path in SOURCE.rglob("*.py") if path.name != "act_words.py"
    )
    written = {code for code, _place in codes()}
    assert [code for code in ACTS if code not in written and f'"{code}"' not in text] == []


def acts() -> list[tuple[str, str]]:
    rows = AuditEntry.objects.select_related("member").order_by("pk")
    return [(row.act, str(row.member)) for row in rows]


def one_code(secret: str) -> str:
    return str(hotp_value(secret, next(yield_hotp_counters_from_time()))).zfill(6)


@pytest.fixture
def door(cast: Cast, client: Client) -> Client:
    given = {"login": cast.alice.email, "password": "correct horse battery"}
    client.post("/account/login/", given | {"password": "wrong"})
    assert client.post("/account/login/", given, REMOTE_ADDR="192.0.2.7").status_code == 302
    return client


def test_login_and_logout_are_in_the_trail(door: Client) -> None:
    assert AuditEntry.objects.get(act="member.logged_in").ip == "192.0.2.7"
    door.post("/account/logout/")
    assert acts() == [
        ("login.refused", "None"),
        ("member.logged_in", "Alice"),
        ("member.logged_out", "Alice"),
    ]


def test_two_step_login_is_in_the_trail(
    door: Client, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]]
) -> None:
    door.post("/account/reauthenticate/", {"password": "correct horse battery"})
    page = door.get("/account/2fa/totp/activate/")
    assert page.status_code == 200, page.get("Location")
    secret = door.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        answer = door.post("/account/2fa/totp/activate/", {"code": one_code(secret)})
    assert answer.status_code == 302
    assert answer["Location"] == "/account/2fa/recovery-codes/"
    assert ("member.two_step_on", "Alice") in acts()
    assert ("member.recovery_codes_made", "Alice") in acts()
    with django_capture_on_commit_callbacks(execute=True):
        door.post("/account/2fa/totp/deactivate/")
    assert acts()[-1] == ("member.two_step_off", "Alice")


def test_the_trail_speaks_in_words(door: Client) -> None:
    page = door.get("/settings/audit/").content.decode()
    assert "logged in" in page
    assert "member.logged_in" not in re.sub(r"<option.*?>", "", page)
    only = door.get("/settings/audit/", {"act": "member.logged_in"}).content.decode()
    assert "192.0.2.7" in only


def test_keys_and_the_api_page_speak_in_words(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    client.post("/settings/api-keys/", {"name": "Shop", "scopes": ["edit_contacts"]})
    page = client.get("/settings/api-keys/").content.decode()
    assert "Add, import and change people</div>" in page
    assert "`" not in client.get("/settings/api/").content.decode().partition("<main")[2][:3000]
    assert b"reauthenticate to" not in client.get("/account/reauthenticate/").content


@pytest.mark.django_db
def test_an_entry_names_its_subject_and_never_shows_a_table_row(now: datetime) -> None:
    audit(PROGRAM, "block.saved", now=now, subject=SavedBlock(pk=7, name="Our address"))
    audit(PROGRAM, "restraint.changed", now=now, subject=Restraint(pk=1))
    names = AuditEntry.objects.order_by("pk").values_list("subject_name", flat=True)
    assert list(names) == ["Our address", ""]
