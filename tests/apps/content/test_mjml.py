"""Wrong MJML: what is wrong is said in plain words, with its line."""

from __future__ import annotations

import pytest

from sincerely.apps.content.compiler import CompileProblem
from tests.apps.content.support import draft_of

FRAME = "<mjml><mj-body>\n<mj-section><mj-column>\n{}\n</mj-column></mj-section>\n</mj-body></mjml>"


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (
            "<mj-text>Hi</mj-txt>",
            "Line 3: There is no MJML element <mj-txt>: did you mean <mj-text>?",
        ),
        (
            "<mj-text>\nHi</mj-button>",
            "Line 4: </mj-button> does not close <mj-text>, which was opened on line 3.",
        ),
        ("<mj-text>Hi</mj-text>\n<mj-bogus/>", "Line 4: There is no MJML element <mj-bogus>"),
        ("{% if contact.a\n == 'x' %}<mj-qwx/>{% endif %}", "Line 4: There is no MJML element"),
        ("<mj-text>a < b</mj-text>", "Line 3: Write &lt; for the sign ‘<’."),
        (
            "<mj-button href=x>Hi</mj-button>",
            "Line 3: The value of href in <mj-button> needs quotation marks.",
        ),
        ("<mj-text>\n<p>Hi</mj-text>", "Line 4: </mj-text> does not close <p>"),
        ('<mj-text color="red>Hi</mj-text>', "Line 3: The tag <mj-text … is not finished"),
    ],
)
def test_wrong_mjml_names_the_line(inner: str, message: str) -> None:
    with pytest.raises(CompileProblem) as caught:
        draft_of(FRAME.format(inner), mode="mjml")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("<div>x</div>", "The MJML cannot be read: it begins with <mjml>"),
        ("", "The MJML cannot be read"),
        ("<mjml><mj-body>", "Line 1: <mj-body> is opened but not closed."),
        ("<mjml>\n</mj-body></mjml>", "Line 2: </mj-body> does not close <mjml>"),
    ],
)
def test_a_frame_that_is_no_mail_is_refused(source: str, message: str) -> None:
    with pytest.raises(CompileProblem) as caught:
        draft_of(source, mode="mjml")
    assert str(caught.value).startswith(message)


def test_raw_html_styles_and_comments_are_the_writers_own() -> None:
    inner = (
        "<mj-raw><mj-odd></mj-odd><p>x</p></mj-raw><!-- <mj-odd> -->"
        "<mj-text>a<br>{{ contact.city }}</mj-text>"
        "{% if contact.age < 3 %}<mj-spacer height='9px' />{% endif %}"
    )
    draft = draft_of(FRAME.format(inner), mode="mjml")
    assert draft.compiled.html
