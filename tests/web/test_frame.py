"""Menu, Home, search and error pages."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from django.db.models import TextChoices
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.campaigns.models import Stage
from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.people.models import WorkState
from sincerely.apps.sending.models import State as MessageState
from sincerely.apps.team.rules import Role
from sincerely.web import charts, errors
from sincerely.web.navigation import menu
from sincerely.web.states import STATES
from sincerely.web.suggestions import Facts, suggest
from tests.cast import Cast

NOTHING = Facts(
    contacts=0,
    mailable=0,
    active_ratio=None,
    labels=0,
    labelled_links=0,
    segments=0,
    days_since_last_mail=None,
    drafts=0,
    has_outside_transport=False,
    sample_loaded=False,
)


def test_menu_shows_only_what_the_role_may_see() -> None:
    owner = [page.path for entry in menu("owner", "/settings/") for page in entry.pages]
    viewer = [page.path for entry in menu("viewer", "/settings/") for page in entry.pages]
    assert "/settings/members/" in owner
    assert "/settings/members/" not in viewer


def test_menu_marks_the_deepest_page() -> None:
    pages = [page for entry in menu("owner", "/settings/brands/7/") for page in entry.pages]
    assert [page.path for page in pages if page.current] == ["/settings/brands/"]


def test_the_pages_of_ones_account_stand_in_the_settings() -> None:
    (here,) = [entry for entry in menu("viewer", "/account/2fa/totp/activate/") if entry.current]
    assert here.path == "/settings/"


def test_home_begins_with_the_checklist(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    page = client.get("/").content.decode()
    assert "Send it to yourself" in page
    assert "hx-get" not in page  # nobody there: nothing to count


def test_home_health_counts_people(cast: Cast, client: Client, now: object) -> None:
    create_contact("ann@example.org", now=now, actor=cast.actor)
    client.force_login(cast.alice)
    assert "/home/health/" in client.get("/").content.decode()
    part = client.get("/home/health/").content.decode()
    assert "What you could do next" in part
    assert "Record who agreed" in part


def test_pages_speak_the_members_language_and_declare_it(cast: Cast, client: Client) -> None:
    cast.alice.language = "nl"
    cast.alice.save()
    client.force_login(cast.alice)
    assert '<html lang="nl">' in client.get("/settings/").content.decode()


def test_search_finds_people_and_pages(cast: Cast, client: Client, now: object) -> None:
    create_contact("ann@example.org", now=now, actor=cast.actor, first_name="Ann", last_name="Lee")
    client.force_login(cast.alice)
    page = client.get("/search", {"q": "ann"}).content.decode()
    assert "ann@example.org" in page
    assert "Audit trail" in client.get("/search", {"q": "audit"}).content.decode()


def test_search_hides_pages_that_the_role_may_not_see(cast: Cast, client: Client) -> None:
    client.force_login(cast.vera)
    assert "/settings/audit/" not in client.get("/search", {"q": "audit"}).content.decode()


@pytest.mark.parametrize("q", ["", " ", "\x00", "%", "'; --", "<script>", "x" * 5000, "𝔘"])
def test_search_takes_anything(cast: Cast, client: Client, q: str) -> None:
    client.force_login(cast.alice)
    response = client.get("/search", {"q": q})
    assert response.status_code == 200
    assert "<script>" not in response.content.decode()


def test_missing_page_says_what_to_do(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "Nothing was lost" in response.content.decode()


def test_broken_page_stands_without_database() -> None:  # no `db`: a query would fail the test
    response = errors.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke" in response.content.decode()


def test_pages_are_strict_about_content(cast: Cast, client: Client) -> None:
    policy = client.get("/account/login/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("words", [WorkState, MessageState, Stage])
def test_each_state_that_is_stored_has_words_of_its_own(words: type[TextChoices]) -> None:
    assert set(words.values) - {Stage.LAUNCHED} <= set(STATES)  # that one is sending or sent


def test_suggestions_are_at_most_three_and_fit_the_role() -> None:
    full = replace(NOTHING, contacts=9, mailable=9, drafts=1, active_ratio=0.1)
    assert len(suggest(full, role=Role.OWNER)) == 3
    assert suggest(NOTHING, role=Role.VIEWER) == []


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e9, allow_nan=False)), max_size=60),
    st.sampled_from(["line", "bar"]),
)
def test_chart_keeps_every_point_on_the_picture(values: list[float | None], kind: str) -> None:
    labels = [str(n) for n in range(len(values))]
    drawn = charts.draw(kind, labels, [{"name": "n", "values": values}])  # type: ignore[arg-type]
    assert len(drawn.rows) == len(values)
    assert "nan" not in drawn.svg
    assert "-" not in "".join(part for part in drawn.svg.split('"') if part.startswith("M"))


@given(st.integers(1, 120), st.integers(1, 14))
def test_names_at_the_axis_of_a_chart_do_not_run_into_each_other(count: int, letters: int) -> None:
    drawn = charts.draw("line", ["x" * letters] * count, [{"name": "n", "values": [1.0] * count}])
    found = re.findall(r'<text[^>]* x="([\d.]+)" y="250" text-anchor="(\w+)">x', drawn.svg)
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}
    width = letters * charts.LETTER
    begins = [float(x) - shift[anchor] * width for x, anchor in found]
    assert begins
    assert all(b - a >= width - 0.2 for a, b in itertools.pairwise(begins))


@given(st.lists(st.floats(0, 1e12, allow_nan=False), min_size=1, max_size=20))
def test_axis_reaches_over_the_highest_value(values: list[float]) -> None:
    scale = charts.scale_for(values)
    assert scale.top >= max(values) * (1 - 1e-6)
    assert scale.ticks[0] == 0
    assert len(scale.ticks) <= 7
