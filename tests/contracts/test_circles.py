"""No modules import each other in a circle, not even for types or inside a function."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp


def _circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = grimp.build_graph("sincerely")
    graph = {name: set(found.find_modules_directly_imported_by(name)) for name in found.modules}
    assert len(graph) > 300
    assert _circle(graph) == []


def test_a_circle_would_be_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
