"""What can be wrong with a mail that somebody writes: a code, its values and the line. Pure.

Rules know no languages, so they raise codes; `wording.said` says them to a member in the member's
language, and `str()` to programs and logs in English.
"""

from __future__ import annotations

from sincerely.apps.segments.rules.marking import gettext_noop as _

Value = str | int

LIQUID = {
    "long": _("This expression is too long."),
    "unreadable": _("‘%(source)s’ cannot be read near ‘%(near)s’."),
    "unfinished": _("‘%(source)s’ is not finished."),
    "unexpected": _("‘%(source)s’: ‘%(word)s’ was not expected here."),
    "after_dot": _("‘%(source)s’: ‘%(word)s’ cannot follow the dot."),
    "quoted_name": _("‘%(source)s’: a name in quotes was expected between [ and ]."),
    "dots": _("‘%(source)s’: too many dots."),
    "filter": _("‘%(source)s’: there is no filter ‘%(word)s’. You can use: %(known)s."),
    "filter_values": _("‘%(source)s’: ‘%(word)s’ needs %(count)s value(s) after a colon."),
    "literal": _("‘%(source)s’: only a text in quotes or a number can follow the colon."),
    "date_form": _('‘%(source)s’: a date needs a form such as "%%d %%B %%Y".'),
    "number_places": _("‘%(source)s’: ‘number’ takes 0 to 6 decimal places."),
    "truncate_length": _("‘%(source)s’: ‘truncate’ takes a length from 1 to 10000."),
    "closes_nothing": _("‘%(source)s’ closes nothing."),
    "root": _("‘%(word)s’ is not known. A mail can use contact.…, brand.…, today."),
    "nested": _("Conditions are nested too deeply."),
    "tag": _("There is no tag ‘%(word)s’ in mails; there are if, unless and case."),
    "never_closed": _("‘%(source)s’ is never closed."),
    "block_never_closed": _("The block ‘%(word)s’ is never closed."),
    "not_closed": _("‘%(source)s’ is opened but not closed."),
    "many": _("A mail has at most %(most)s pieces of Liquid."),
    "between": _(
        "%(source)s stands between attributes: put it around the whole element, or inside one "
        "attribute's quotes."
    ),
    "source_size": _("The mail's source is larger than 512 kB."),
}
MJML = {
    "mjml_unknown": _("There is no MJML element <%(name)s>."),
    "mjml_meant": _("There is no MJML element <%(name)s>: did you mean <%(meant)s>?"),
    "mjml_misclosed": _(
        "</%(name)s> does not close <%(open)s>, which was opened on line %(opened)s."
    ),
    "mjml_closes_nothing": _("</%(name)s> closes nothing."),
    "mjml_open": _("<%(name)s> is opened but not closed."),
    "mjml_sign": _("Write &lt; for the sign ‘<’."),
    "mjml_tag": _("The tag <%(name)s … is not finished: a quotation mark or ‘>’ is missing."),
    "mjml_bare": _("The value of %(attribute)s in <%(name)s> needs quotation marks."),
    "mjml_misplaced": _(
        "<%(name)s> does not belong directly in <%(parent)s>: put it into <%(home)s>, or mail "
        "programs may draw it wrongly."
    ),
    "mjml_unreadable": _(
        "The MJML cannot be read: it begins with <mjml>, ends with </mjml>, and every tag in it "
        "is closed."
    ),
    "mjml_include": _("mj-include is not allowed: paste what you want to include."),
}
PLAIN = "%(why)s"
MAIL = {
    "document": PLAIN,
    "renderer": PLAIN,
    "styles": _("The styles cannot be read: %(why)s"),
    "too_deep": _("More than %(most)s elements stand inside each other, or are never closed."),
    "mail_size": _("The mail is larger than 1 MB."),
    "contact_size": _("The mail is larger than 1 MB for this contact."),
    "all_hidden": _("Every block of this mail is hidden for this contact."),
}
LINKS = {
    "no_label": _("There is no such label."),
    "not_labelled": _("This link cannot carry a label."),
}
SENTENCES: dict[str, str] = {**LIQUID, **MJML, **MAIL, **LINKS}


class Wrong(Exception):
    """Something that the writer of a mail can mend; `line` counts from 1, 0 where none is known."""

    def __init__(self, code: str, *, line: int = 0, **values: Value) -> None:
        where = f"Line {line}: " if line else ""
        super().__init__(where + SENTENCES[code] % values)
        self.code, self.line, self.values = code, line, values
