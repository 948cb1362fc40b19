"""Sources that are made to hurt: too deep for the native readers, or read over and over."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from sincerely.apps.content import compiler
from sincerely.apps.content.compiler import CompileProblem, Source, compile_source
from sincerely.apps.content.models import Mode
from sincerely.apps.content.rules.nesting import DEEPEST, DepthProblem, check_depth

MANY = 20_000
DEEP = "<div>" * MANY


def html(inner: str) -> Source:
    return Source(mode=Mode.HTML, source=f"<html><body>{inner}</body></html>", subject="x")


def mjml(inner: str) -> Source:
    column = f"<mj-section><mj-column>{inner}</mj-column></mj-section>"
    source = f"<mjml><mj-body>{column}</mj-body></mjml>"
    return Source(mode=Mode.MJML, source=source, subject="x")


def columns(count: int) -> Source:
    return mjml("<mj-column>" * count + "</mj-column>" * count)


@pytest.fixture(autouse=True)
def no_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "link_patterns", lambda: ())


TOO_DEEP = {
    "elements": lambda: html(DEEP + "</div>" * MANY),
    "tables left open": lambda: html("<table><tr><td>" * MANY),
    "an end that a cell keeps out": lambda: html("<div><table><tr><td></div>" * MANY),
    "emphasis that each paragraph opens anew": lambda: html("<p><b></p>" * MANY),
    "slashes that close nothing": lambda: html("<div/>" * MANY),
    "behind a quote after two signs": lambda: html(f'<i x==">{DEEP}"'),
    "behind a quote in a name": lambda: html(f'<i =">{DEEP}"'),
    "behind a comment in a style": lambda: html(f"<style><!--</style>{DEEP}-->"),
    "behind an empty comment": lambda: html(f"<!-->{DEEP}-->"),
    "behind what is no CDATA": lambda: html(f"<![CDATA[>{DEEP}]]>"),
    "text of MJML": lambda: mjml(f"<mj-text>{'<b>' * MANY}{'</b>' * MANY}</mj-text>"),
    "raw MJML": lambda: mjml(f"<mj-raw>{DEEP}{'</div>' * MANY}</mj-raw>"),
    "columns": lambda: columns(MANY),
}


@pytest.mark.parametrize("kind", TOO_DEEP)
def test_what_would_end_the_process_is_refused_with_its_line(kind: str) -> None:
    with pytest.raises(CompileProblem) as problem:
        compile_source(TOO_DEEP[kind]())
    assert (problem.value.code, problem.value.line) == ("too_deep", 1)


FINE = {
    "lists": lambda: html(f"<ul>{'<li>x' * 2_000}</ul>"),
    "paragraphs": lambda: html("<p>x" * 2_000),
    "rows": lambda: html(f"<table>{'<tr><td>x<td>y' * 2_000}</table>"),
    "words": lambda: html(f"<dl>{'<dt>x<dd>y' * 2_000}</dl>"),
    "pictures": lambda: html("<img src='x'><br>" * 2_000),
    "a drawing": lambda: html(f"<svg>{'<path/>' * 2_000}</svg>"),
    "signs": lambda: html("1 < 2 <3 " * 2_000),
    "comments": lambda: html("<!--[if mso]><table><tr><td><![endif]-->" * 2_000),
}


@pytest.mark.parametrize("kind", FINE)
def test_what_closes_itself_is_not_deep(kind: str) -> None:
    assert compile_source(FINE[kind]()).compiled.html


def test_the_deepest_that_is_taken_fits_a_small_stack() -> None:
    """A server's thread has 2 MB; what is one too deep is refused, so what is taken must fit."""
    made: list[int] = []

    def work(*sources: Callable[[], Source]) -> None:
        made.extend(len(compile_source(source()).compiled.html) for source in sources)

    inner = DEEPEST - 2
    before = threading.stack_size(2 * 1024 * 1024)
    try:
        thread = threading.Thread(
            target=work,
            args=(
                lambda: html("<div>" * inner + "</div>" * inner),
                lambda: columns(DEEPEST - 4),
            ),
        )
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert len(made) == 2


def test_the_line_of_the_deepest_is_named() -> None:
    with pytest.raises(DepthProblem) as problem:
        check_depth("<p>x</p>\n\n" + "<div>\n" * (DEEPEST + 1), is_html=True)
    assert problem.value.line == DEEPEST + 3


AT = "<mjml><mj-head><mj-style inline='inline'>{}</mj-style></mj-head><mj-body></mj-body></mjml>"
ENDLESS = {
    "scripts": lambda: html("<script " * MANY),
    "style sheets": lambda: html("<link " * MANY),
    "styles of MJML": lambda: mjml(f"<mj-text>{'<mj-style ' * MANY}</mj-text>"),
    "rules of styles": lambda: Source(mode=Mode.MJML, source=AT.format("@" * 200_000), subject="x"),
    "comments of Liquid": lambda: html("{% comment %}" * 30_000),
    "raw Liquid": lambda: html("{% raw %}" * 30_000),
    "names of a tag": lambda: html("<a" * 60_000),
}


@pytest.mark.timeout(60)  # each took minutes; now none takes a second
@pytest.mark.parametrize("kind", ENDLESS)
def test_what_opens_without_end_is_read_once(kind: str) -> None:
    try:
        compile_source(ENDLESS[kind]())
    except CompileProblem as problem:
        assert problem.code in {"mjml_open", "many", "mjml_unreadable"}  # noqa: PT017 -- either way


def test_a_script_without_end_takes_the_rest_along() -> None:
    made = compile_source(html("<p>Hello</p><script>alert(1)<p>x</p>")).compiled.html
    literal = "".join(part for part in made if isinstance(part, str))
    assert "Hello" in literal
    assert "alert" not in literal
