"""The pure rules: edits, the form's values, expansion; no database."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.segments.rules import Catalogue, WrongRule, check, expand, normal
from sincerely.apps.segments.rules.catalogue import SegmentEntry
from sincerely.apps.segments.rules.editing import ACTS, edited
from sincerely.apps.segments.rules.tree import walk
from sincerely.apps.segments.sql.algebra import All, Not, OneOf, SetOf, Where, simplified

LEAF: dict[str, Any] = {"criterion": "label", "label": 1}
OTHER: dict[str, Any] = {"criterion": "label", "label": 2}
NAMES = Catalogue(labels={1: "Honden", 2: "Katten"})
TREES = st.recursive(
    st.sampled_from([LEAF, OTHER, {"everyone": True}]),
    lambda inner: st.builds(
        lambda kind, children: {kind: children},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def test_edits() -> None:
    rule = {"all": [LEAF, {"any": [OTHER, LEAF]}]}
    assert edited(rule, "remove", "0") == {"all": [{"any": [OTHER, LEAF]}]}
    assert edited(rule, "up", "1") == {"all": [{"any": [OTHER, LEAF]}, LEAF]}
    assert edited(rule, "down", "1.0") == {"all": [LEAF, {"any": [LEAF, OTHER]}]}
    assert edited(rule, "wrap", "0") == {"all": [{"any": [LEAF]}, {"any": [OTHER, LEAF]}]}
    assert edited(rule, "out", "1.0") == {"all": [LEAF, {"any": [LEAF]}, OTHER]}
    assert len(edited(rule, "add", "1")["all"][1]["any"]) == 3
    assert edited(LEAF, "remove", "") == {"all": []}
    assert rule == {"all": [LEAF, {"any": [OTHER, LEAF]}]}


@given(
    TREES, st.sampled_from(sorted(ACTS)), st.sampled_from(["", "0", "1", "0.0", "1.0", "9", "x"])
)
def test_an_edit_never_breaks_the_tree(rule: dict[str, Any], act: str, path: str) -> None:
    changed = edited(rule, act, path)
    for problem in check(changed, NAMES):
        assert "empty" in problem.message or "missing" in problem.message


@given(TREES)
def test_normal_form_is_stable(rule: dict[str, Any]) -> None:
    assert normal(normal(rule)) == normal(rule)
    assert [path for path, _node in walk(normal(rule))] == [path for path, _node in walk(rule)]


def test_towers_of_segments_are_limited() -> None:
    tower = {1: SegmentEntry("1", LEAF)}
    for number in range(2, 8):
        below = {"criterion": "segment", "segment": number - 1}
        tower[number] = SegmentEntry(str(number), {"all": [below] * 6})
    names = Catalogue(labels=NAMES.labels, segments=tower)
    with pytest.raises(WrongRule, match="too large"):
        expand({"criterion": "segment", "segment": 6}, names)


def test_what_all_branches_share_is_taken_out() -> None:
    one, two, three = SetOf("one"), Where("two"), Where("three")
    blocks = OneOf((All((one, two)), All((one, three))))
    assert simplified(blocks) == All((one, OneOf((two, three))))
    assert simplified(OneOf((All((one, two)), one))) == one
    assert simplified(All((All((one, two)), two))) == All((one, two))
    assert simplified(Not(Not(one))) == one
