"""The tag behind `<c-name>`: django-cotton's components, drawn from what folding leaves.

Attributes, defaults, slots and what a component sees are django-cotton's: it reads the templates,
and `tests/web/test_folding.py` holds every component's HTML to its own. But it makes a context and
a template's whole state for each use and asks every condition anew: a row of the contact list took
1.6 ms. Here a use of a component is prepared once for each language (`sincerely.web.folding`), and
drawn in the page's own context with other names in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.template import Context, Node, NodeList, TemplateSyntaxError
from django.template.base import Parser, TextNode, Token
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django_cotton.templatetags import Attrs, UnprocessableDynamicAttr
from django_cotton.templatetags._component import AttrKind, PreparedAttr, cotton_component
from django_cotton.templatetags._slot import CottonSlotNode, cotton_slot
from django_cotton.templatetags._vars import CottonVarsNode, cotton_cvars
from django_cotton.utils import get_cotton_data

from sincerely.web.folding import FOLDERS, Scope, fold, text_of

register = template.Library()
register.tag("cotton:slot", cotton_slot)
register.tag("cotton:vars", cotton_cvars)
RESOLVED = (AttrKind.DYNAMIC, AttrKind.UNQUOTED)


class ComponentNode(Node):
    """A component as a template uses it."""

    def __init__(self, name: str, nodelist: NodeList, given: list[PreparedAttr]) -> None:
        self.path = f"components/{name.replace('-', '_')}.html"
        self.nodelist = nodelist
        self.given = given
        slots: list[Any] = nodelist.get_nodes_by_type(CottonSlotNode)
        self.slot_names = {slot.slot_name for slot in slots}
        self.prepared: dict[str | None, Prepared] = {}

    def render(self, context: Context) -> SafeString:
        """Draw it, after preparing it once for the reader's language."""
        language = get_language()
        prepared = self.prepared.get(language)
        if prepared is None:
            prepared = self.prepared[language] = Prepared(self, Scope.of({}, context.template))
        return prepared.render(context)


class Prepared(Node):
    """One use of a component in one language: what is known, and what each request adds."""

    def __init__(self, node: ComponentNode, scope: Scope) -> None:
        component = get_template(node.path).template  # type: ignore[attr-defined]
        self.defaults = _defaults(component.nodelist)
        self.takes_slots = bool(node.slot_names)
        self.asked: list[tuple[str, PreparedAttr]] = []
        self.passed: PreparedAttr | None = None
        self.extra: list[tuple[str, str]] = []
        known = self._take(node.given, scope)
        words = fold(node.nodelist, scope)
        self.words = NodeList(words) if text_of(words) is None else None
        if self.words is None:
            known["slot"] = text_of(words)
        self.known = known
        asked = {name for name, _attr in self.asked}
        certain = self._certain(node.slot_names | asked)
        self.nodes = fold(component.nodelist, Scope.of({**certain, **known}, component))
        self.text = text_of(self.nodes)

    def _certain(self, other: set[str]) -> dict[str, Any]:
        """Return the defaults that nothing replaces."""
        if self.passed is not None:
            return {}
        return {key: value for key, value in self.defaults.items() if key not in other}

    def _take(self, given: list[PreparedAttr], scope: Scope) -> dict[str, Any]:
        """Return the attributes that are known; keep the others to be asked for."""
        known: dict[str, Any] = {}
        for attr in given:
            settled = _settled(attr, scope)
            if attr.key == "attrs" and settled.compiled is not None:
                self.passed = settled
            elif attr.key == "attrs":
                known |= {_name(key): value for key, value in settled.value.items()}
                self._add_extra(settled.value)
            else:
                self._add_extra([attr.key])
                if settled.compiled is None:
                    known[_name(attr.key)] = settled.value
                else:
                    self.asked.append((_name(attr.key), settled))
        if self.passed is None and all(name in known for _key, name in self.extra):
            known["attrs"] = Attrs({key: known[name] for key, name in self.extra})
            self.extra = []
        return known

    def _add_extra(self, keys: Iterable[str]) -> None:
        self.extra += [(key, _name(key)) for key in keys if key not in self.defaults]

    def render(self, context: Context) -> SafeString:
        """Draw it with the names that it may see, and the page's own put aside."""
        if self.text is not None:
            return self.text
        state = self._state(context)
        outer = context.dicts
        # What context processors give is seen by components, too.
        first = getattr(context, "_processors_index", 0) + 1
        context.dicts = [*outer[:first], state]
        try:
            return SafeString("".join([node.render_annotated(context) for node in self.nodes]))
        finally:
            context.dicts = outer

    def _state(self, context: Context) -> dict[str, Any]:
        """Return what the component sees: attributes win over slots, slots over defaults."""
        state = {**self.defaults, **self.known}
        if self.takes_slots:
            stack = get_cotton_data(context)["stack"]
            stack.append({"slots": {}})
            words = self.words.render(context) if self.words else ""
            state = {**self.defaults, **stack.pop()["slots"], **self.known, "slot": words}
        elif self.words is not None:
            state["slot"] = self.words.render(context)
        for name, attr in self.asked:
            try:
                state[name] = _value(attr, context)
            except UnprocessableDynamicAttr:
                continue
        extra = self.extra
        if self.passed is not None:
            passed = _value(self.passed, context)
            state |= {_name(key): value for key, value in passed.items()}
            extra = extra + [(key, _name(key)) for key in passed if key not in self.defaults]
        if extra or self.passed is not None:
            state["attrs"] = Attrs({key: state[name] for key, name in extra if name in state})
        return state


def _name(key: str) -> str:
    return key.replace("-", "_")


def _defaults(nodes: NodeList) -> dict[str, Any]:
    """Return the defaults that a component's `<c-vars>` gives; they are constants here."""
    return {
        var.accessible_key: var.compiled.resolve(Context()) if var.compiled else var.value
        for node in nodes
        if isinstance(node, CottonVarsNode)
        for var in node._prepared_vars  # noqa: SLF001
    }


def _settled(attr: PreparedAttr, scope: Scope) -> PreparedAttr:
    """Return an attribute with its value where that is known, else with what is left to ask."""
    if attr.compiled is None:
        return attr
    if attr.kind in RESOLVED:
        variable = attr.compiled._variable  # noqa: SLF001
        is_known = variable is not None and scope.knows_variable(variable)
        return _known(attr, attr.compiled.resolve(scope.context)) if is_known else attr
    nodes = fold(getattr(attr.compiled, "nodelist", attr.compiled), scope)
    text = text_of(nodes)
    return attr._replace(compiled=NodeList(nodes)) if text is None else _known(attr, text)


def _known(attr: PreparedAttr, value: Any) -> PreparedAttr:
    return attr._replace(value=value, compiled=None)


def _value(attr: PreparedAttr, context: Context) -> Any:
    if attr.kind in RESOLVED:
        return attr.compiled.resolve(context)
    return attr.compiled.render(context)


def _component(node: ComponentNode, scope: Scope) -> list[Node]:
    prepared = Prepared(node, scope)
    return [prepared] if prepared.text is None else [TextNode(prepared.text)]


FOLDERS[ComponentNode] = _component


@register.tag("cotton")
def component(parser: Parser, token: Token) -> ComponentNode:
    """Read a use of a component as django-cotton does."""
    read = cotton_component(parser, token)
    if read.only or read.component_name == "component":
        raise TemplateSyntaxError(f"{token.contents}: no component here is named by a variable")
    return ComponentNode(read.component_name, read.nodelist, read._prepared_attrs)  # noqa: SLF001
