"""What of a template is known before any request: drawn once a language, kept as text.

A component is written for all that it can be: `<c-cell>` has eight conditions and most uses meet
none of them. `fold` takes the names whose values stand in the template (attributes written out,
defaults) and returns the nodes with everything drawn that depends on these alone. What it does not
know it leaves as it is, so that folding can make a page faster but not different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from html import escape
from typing import Any

from django.template import Context, Node, NodeList
from django.template.base import (
    FilterExpression,
    TextNode,
    Variable,
    VariableNode,
    render_value_in_context,
)
from django.template.defaulttags import (
    FirstOfNode,
    ForNode,
    IfNode,
    LoadNode,
    TemplateLiteral,
    WithNode,
)
from django.template.library import SimpleNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django_cotton.templatetags._vars import CottonVarsNode

# Filters and tags whose answer depends on their arguments and the language alone.
FILTERS = frozenset(
    {
        "date",
        "default",
        "figure",
        "hundredths",
        "is_moment",
        "join",
        "length",
        "machine_time",
        "percent",
        "readable",
        "safe",
        "state",
        "stringformat",
        "unlocalize",
        "upper",
    }
)
TAGS = frozenset({"icon"})


@dataclass(slots=True)
class Scope:
    """The names that are known, with their values, and a context that holds them."""

    context: Context
    names: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, known: Mapping[str, Any], template: Any) -> Scope:
        """Return a scope; the template says how what cannot be found is shown."""
        context = Context(dict(known))
        context.template = template
        return cls(context, {"True", "False", "None", *known})

    def without(self, names: Iterable[str]) -> Scope:
        """Return a scope in which these names are another's."""
        return Scope(self.context, self.names - set(names))

    def knows(self, expression: Any) -> bool:
        """Say whether an expression can be told now."""
        if not isinstance(expression, FilterExpression):
            return False
        return self.knows_variable(expression.var) and all(
            getattr(function, "_filter_name", "") in FILTERS
            and all(self.knows_variable(value) for _is_lookup, value in arguments)
            for function, arguments in expression.filters
        )

    def knows_variable(self, value: Any) -> bool:
        """Say whether a variable or a literal can be told now."""
        if not isinstance(value, Variable) or value.lookups is None:
            return True
        return value.lookups[0] in self.names

    def knows_condition(self, condition: Any) -> bool:
        """Say whether the condition of an `if` can be told now."""
        if isinstance(condition, TemplateLiteral):
            return self.knows(condition.value)
        return all(
            self.knows_condition(part) for part in (condition.first, condition.second) if part
        )


def fold(nodes: Iterable[Any], scope: Scope) -> list[Node]:
    """Return the nodes with all that is known drawn, and text beside text made one."""
    folded: list[Node] = []
    for node in nodes:
        for new in FOLDERS.get(type(node), _left)(node, scope):
            if type(new) is TextNode and folded and type(folded[-1]) is TextNode:
                folded[-1] = TextNode(folded[-1].s + new.s)
            else:
                folded.append(new)
    return folded


def text_of(nodes: list[Node]) -> SafeString | None:
    """Return the text where nothing else is left, or None."""
    if not nodes:
        return SafeString("")
    return SafeString(nodes[0].s) if len(nodes) == 1 and type(nodes[0]) is TextNode else None


def _left(node: Node, _scope: Scope) -> list[Node]:
    return [node]


def _nothing(_node: Node, _scope: Scope) -> list[Node]:
    return []


def _drawn(node: Any, scope: Scope) -> list[Node]:
    return [TextNode(node.render(scope.context))]


def _shown(value: Any, context: Context) -> str:
    """Write a value as Django does; most are plain words, which have no language and no zone."""
    if type(value) is str and context.autoescape:
        return escape(value)
    return value if type(value) is SafeString else render_value_in_context(value, context)


class Shown(VariableNode):
    """A variable that each request asks for."""

    def render(self, context: Context) -> str:
        """Write its value."""
        return _shown(self.filter_expression.resolve(context), context)


def _variable(node: VariableNode, scope: Scope) -> list[Node]:
    if scope.knows(node.filter_expression):
        return _drawn(node, scope)
    shown = Shown(node.filter_expression)
    shown.token, shown.origin = node.token, node.origin
    return [shown]


class Sentence(Node):
    """A translated sentence in which each request puts something."""

    child_nodelists = ()

    def __init__(self, words: str, asked: Mapping[str, FilterExpression]) -> None:
        self.words = words
        self.asked = asked

    def render(self, context: Context) -> str:
        """Write it with what the names stand for."""
        return self.words % {
            name: _shown(value.resolve(context), context) for name, value in self.asked.items()
        }


def _sentence(node: BlockTranslateNode, _scope: Scope) -> list[Node]:
    """Translate a sentence once, where it stands by itself and says what its names are."""
    if node.plural or node.message_context or node.asvar:
        return [node]
    written, names = node.render_token_list(node.singular)
    words = gettext(written)
    try:
        words % dict.fromkeys(names, "")
    except (KeyError, ValueError):
        return [node]  # Django takes the words that the template has
    if not node.extra_context.keys() >= set(names):
        return [node]
    sentence = Sentence(words, {name: node.extra_context[name] for name in names})
    sentence.token, sentence.origin = node.token, node.origin
    return [sentence]


def _first_of(node: FirstOfNode, scope: Scope) -> list[Node]:
    known = all(scope.knows(one) for one in node.vars) and not node.asvar
    return _drawn(node, scope) if known else [node]


def _translation(node: TranslateNode, scope: Scope) -> list[Node]:
    known = scope.knows(node.filter_expression) and not node.asvar and not node.message_context
    return _drawn(node, scope) if known else [node]


def _tag(node: SimpleNode, scope: Scope) -> list[Node]:
    known = node.func.__name__ in TAGS and not node.target_var and not node.kwargs
    return _drawn(node, scope) if known and all(map(scope.knows, node.args)) else [node]


def _if(node: Any, scope: Scope) -> list[Node]:
    """Keep the branches that may be taken."""
    kept: list[tuple[Any, NodeList]] = []
    for condition, nodes in node.conditions_nodelists:
        is_certain = condition is None
        if condition is not None and scope.knows_condition(condition):
            if not condition.eval(scope.context):
                continue
            is_certain = True
        branch = fold(nodes, scope)
        if is_certain and not kept:
            return branch
        kept.append((None if is_certain else condition, NodeList(branch)))
        if is_certain:
            break
    return [IfNode(kept)] if kept else []


def _for(node: ForNode, scope: Scope) -> list[Node]:
    new = copy(node)
    inner = scope.without([*node.loopvars, "forloop"])
    new.nodelist_loop = NodeList(fold(node.nodelist_loop, inner))
    new.nodelist_empty = NodeList(fold(node.nodelist_empty, scope))
    return [new]


def _with(node: WithNode, scope: Scope) -> list[Node]:
    new = copy(node)
    new.nodelist = NodeList(fold(node.nodelist, scope.without(node.extra_context)))
    return [new]


Folder = Callable[[Any, Scope], list[Node]]
FOLDERS: dict[type[Node], Folder] = {
    VariableNode: _variable,
    IfNode: _if,
    ForNode: _for,
    WithNode: _with,
    FirstOfNode: _first_of,
    TranslateNode: _translation,
    BlockTranslateNode: _sentence,
    SimpleNode: _tag,
    LoadNode: _nothing,
    CottonVarsNode: _nothing,
}
