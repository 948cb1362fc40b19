"""One declarative entry per criterion: parameters, test, words. Higher domains add more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sincerely.apps.segments.rules.catalogue import Catalogue
    from sincerely.apps.segments.rules.marking import Say
    from sincerely.apps.segments.rules.moment import Moment
    from sincerely.apps.segments.rules.person import Person

Node = Mapping[str, Any]


def always(_node: Node, _catalogue: Catalogue) -> bool:
    """Show a parameter whatever the others say."""
    return True


def unchanged(options: tuple[tuple[str, str], ...], _node: Node, _catalogue: Catalogue) -> Any:
    """Offer all options."""
    return options


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a criterion. `kind` says what it may hold and which field the form shows.

    Kinds: choice, integer, number, text, texts, date, boolean, links, field, and those that name a
    row of the catalogue: label, list, segment, type, mailing. `before` and `after` are the words
    around the field, so that the form reads like a sentence; a detail is folded away while it has
    its default.
    """

    key: str
    kind: str
    before: str = ""
    after: str = ""
    options: tuple[tuple[str, str], ...] = ()
    default: Any = None
    is_optional: bool = False
    is_detail: bool = False
    low: float | None = None
    high: float | None = None
    is_shown: Callable[[Node, Catalogue], bool] = always
    offered: Callable[
        [tuple[tuple[str, str], ...], Node, Catalogue], tuple[tuple[str, str], ...]
    ] = unchanged

    def value(self, node: Node) -> Any:
        """Return what the node says, else the default."""
        given = node.get(self.key)
        return self.default if given is None or given == "" else given


@dataclass(frozen=True, slots=True)
class Criterion:
    """A kind of test on a contact.

    `holds` is the evaluator's reading, `phrase` the sentence's: a fragment that follows 'People'.
    `problems` finds what no single parameter can show (a template and its values). `example` is
    what the form starts with.
    """

    key: str
    caption: str
    params: tuple[Param, ...]
    holds: Callable[[Node, Person, Moment], bool]
    phrase: Callable[[Node, Catalogue, Say], str]
    theme: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    problems: Callable[[Node, Catalogue], list[tuple[str, dict[str, str]]]] = (
        lambda _node, _catalogue: []
    )

    def param(self, key: str) -> Param:
        """Return the parameter with this key."""
        return next(param for param in self.params if param.key == key)

    def read(self, node: Node, key: str) -> Any:
        """Return the value of a parameter in a node, else its default."""
        return self.param(key).value(node)


CRITERIA: dict[str, Criterion] = {}


def add(criterion: Criterion) -> Criterion:
    """Make a criterion part of the language; a key is used once."""
    if criterion.key in CRITERIA:
        raise ValueError(criterion.key)
    CRITERIA[criterion.key] = criterion
    return criterion
