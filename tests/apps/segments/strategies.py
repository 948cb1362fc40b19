"""Hypothesis strategies for right rules over a population."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.checking import check
from sincerely.apps.segments.rules.criterion import CRITERIA, Criterion, Param
from tests.apps.segments.population import FIELDS, TEXTS

DAYS = [0, 1, 29, 30, 89, 90, 91, 363, 364, 365]
DATES = ["2024-02-29", "2025-06-15", "2025-06-16", "2026-06-14", "2026-06-15", "2026-06-16"]
FIELD_NAMES = [
    "first_name",
    "language",
    "domain",
    "tracking_tier",
    *(f"custom.{key}" for key in FIELDS),
]


def values_of(param: Param, node: dict[str, Any], catalogue: Catalogue) -> st.SearchStrategy[Any]:
    """Return values that may stand at this parameter."""
    if param.kind == "choice":
        offered = param.offered(param.options, node, catalogue)
        return st.sampled_from([option for option, _caption in offered])
    if param.kind in ("label", "list", "segment", "type", "mailing"):
        return st.sampled_from(sorted(catalogue.rows(param.kind)))
    texts = st.sampled_from([text for text in TEXTS if text] + ["n", "Ë", "lee"])
    known: dict[str, st.SearchStrategy[Any]] = {
        "field": st.sampled_from(FIELD_NAMES),
        "integer": st.sampled_from(DAYS if param.key == "days" else [0, 1, 2, 3, 11]).filter(
            lambda value: param.low is None or value >= param.low
        ),
        "number": st.sampled_from([0.25, 1, 2, 2.5, 18]),
        "text": texts,
        "texts": st.lists(texts, min_size=1, max_size=3, unique=True),
        "date": st.sampled_from(DATES),
        "links": st.lists(
            st.sampled_from(sorted(catalogue.links)), min_size=1, max_size=2, unique=True
        ),
    }
    return known[param.kind]


@st.composite
def criteria(draw: st.DrawFn, catalogue: Catalogue) -> dict[str, Any]:
    """Draw one right criterion."""
    criterion: Criterion = draw(
        st.sampled_from(
            [one for one in CRITERIA.values() if one.key != "segment" or catalogue.segments]
        )
    )
    node: dict[str, Any] = {"criterion": criterion.key}
    for param in criterion.params:
        if not param.is_shown(node, catalogue):
            continue
        may_be_left_out = param.is_optional or param.default is not None
        if may_be_left_out and draw(st.booleans()):
            continue
        values = values_of(param, node, catalogue)
        node[param.key] = draw(values)
    if check(node, catalogue):
        node = {"criterion": "label", "label": min(catalogue.labels)}
    return node


def rules(catalogue: Catalogue) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for whole rules."""
    leaves = criteria(catalogue) | st.just({"everyone": True})
    return st.recursive(
        leaves,
        lambda inner: st.builds(
            lambda kind, children: {kind: children},
            st.sampled_from(["all", "any", "none"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=6,
    )
