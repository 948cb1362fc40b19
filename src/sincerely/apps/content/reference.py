"""The oracle: renders a mail by python-liquid and the email package, slowly and plainly.

The splice renderer must say the same; property tests compare them, and the sender compares the
first messages of each mailing before anything leaves. python-liquid gets only the allow-listed
filters and plain dicts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from liquid import Environment, Mode
from liquid.exceptions import LiquidError

from sincerely.apps.content.renderer import PIXEL, RenderProblem
from sincerely.apps.content.rules.compiled import Compiled, Parts
from sincerely.apps.content.rules.fields import fields_of
from sincerely.apps.content.rules.liquid import FILTERS
from sincerely.apps.content.rules.unparse import said, written
from sincerely.apps.content.rules.values import LONGEST_VALUE, SHAPES, _date, say_number
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE

ALLOWED_TAGS = {"if", "unless", "raw", "illegal", "statement", "literal", "content", "output"}


@dataclass(frozen=True, slots=True)
class Reference:
    """What the mail must say."""

    subject: str
    preheader: str
    html: str
    text: str

    def message(self) -> bytes:
        """Return both parts as the email package writes them."""
        message = EmailMessage(policy=SMTP)
        message["Subject"] = self.subject
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return message.as_bytes()


class _PlainEnvironment(Environment):
    """Keeps branches that hold only white space: a mail says exactly what is written."""

    suppress_blank_control_flow_blocks = False


def environment(language: str) -> Environment:
    """Return python-liquid restricted to what mails may use."""
    env = _PlainEnvironment(tolerance=Mode.STRICT)
    for name in set(env.filters) - set(FILTERS):
        del env.filters[name]
    for name in set(env.tags) - ALLOWED_TAGS:
        del env.tags[name]
    env.filters["date"] = lambda value, form: _date(value, form, language)
    env.filters["number"] = lambda value, places=None: say_number(
        value, places=places, language=language
    )
    for kind, shape in SHAPES.items():
        env.filters[f"as_{kind}"] = _shaped(shape)
    return env


def _shaped(shape: Callable[[str], str]) -> Callable[[Any], str]:
    def finish(value: Any) -> str:
        return shape(_printed(value)[:LONGEST_VALUE])

    return finish


def _printed(value: Any) -> str:
    if value is None or isinstance(value, dict) or type(value).__name__ == "Undefined":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "".join(map(str, value))
    return str(value)


class _Listed(list[Any]):
    """A list that text filters see as it is printed, where python-liquid sees Python's spelling."""

    def __str__(self) -> str:
        return _printed(list(self))


class _Mapped(dict[str, Any]):
    """A mapping that text filters see as it is printed: as nothing."""

    def __str__(self) -> str:
        return ""


def _fact(value: Any) -> Any:
    if isinstance(value, list):
        return _Listed(value)
    return _Mapped(value) if isinstance(value, dict) else value


def render(
    compiled: Compiled,
    person: Mapping[str, Any],
    *,
    link_url: str | Callable[[int], str] | None,
    open_url: str | None,
    unsubscribe_url: str,
    preferences_url: str,
    shown: Collection[int] = frozenset(),
    view_url: str = "",
    confirm_url: str = "",
) -> Reference:
    """Return what this contact's mail must say; raises RenderProblem."""
    urls = {link.number: link.url for link in compiled.links}
    urls |= {n: confirm_url or "#confirm" for n, url in urls.items() if url == CONFIRM_PAGE}
    # Named fields are there even if empty: `contact.size` must never mean Liquid's own `size`.
    facts: dict[str, Any] = dict.fromkeys(fields_of(compiled))
    facts |= {key: _fact(value) for key, value in person.items() if value not in ("", [], {})}
    context = {
        "contact": facts,
        "today": facts.get("today"),
        "shown": {str(number): True for number in shown},
        "links": {str(n): _address(link_url, n, urls) for n in urls},
        "systems": {
            "unsubscribe": unsubscribe_url,
            "preferences": preferences_url,
            "view": view_url or preferences_url,
            "open": PIXEL.format(SHAPES["html"](open_url)) if open_url else "",
        },
    }
    env = environment(compiled.language)

    def say(parts: Parts) -> str:
        try:
            return env.from_string(written(parts, leaf=_leaf, literal=_literal)).render(**context)
        except LiquidError as problem:
            raise RenderProblem("renderer", why=str(problem)) from problem

    return Reference(
        subject=say(compiled.subject),
        preheader=say(compiled.preheader),
        html=say(compiled.html),
        text=say(compiled.text),
    )


def _address(
    link_url: str | Callable[[int], str] | None, number: int, urls: Mapping[int, str]
) -> str:
    if link_url is None:
        return urls[number]
    return f"{link_url}{number}" if isinstance(link_url, str) else link_url(number)


def _leaf(part: dict[str, Any]) -> str:
    if "slot" in part:
        return f"{{{{ {said(part['slot'])} | as_{part['as']} }}}}"
    if "block" in part:
        test = f'shown["{part["block"]}"]'
        return f"{{% if {test} %}}\x00{{% else %}}\x00{{% endif %}}"
    source = f'links["{part["link"]}"]' if "link" in part else f"systems.{part['system']}"
    is_ready = part.get("system") == "open" or part["as"] != "html"
    return f"{{{{ {source} }}}}" if is_ready else f"{{{{ {source} | as_html }}}}"


def _literal(text: str) -> str:
    return f"{{% raw %}}{text}{{% endraw %}}" if "{" in text else text
