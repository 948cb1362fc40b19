"""Every criterion with its SQL. Domains above register theirs at start-up with `register`."""

from __future__ import annotations

from sincerely.apps.segments.rules.criteria import fields, labels, mail, rollups, standing
from sincerely.apps.segments.rules.criterion import CRITERIA, Criterion, add
from sincerely.apps.segments.sql.behaviour import compile_count, compile_date, compile_mail
from sincerely.apps.segments.sql.context import Compiler
from sincerely.apps.segments.sql.fields import compile_field
from sincerely.apps.segments.sql.standing import (
    compile_cannot_tell,
    compile_evidence,
    compile_label,
    compile_label_clicks,
    compile_list,
    compile_opted_out,
    compile_permission,
    compile_strength,
    compile_suppressed,
)

COMPILERS: dict[str, Compiler] = {
    fields.FIELD.key: compile_field,
    labels.LABEL.key: compile_label,
    labels.CLICKS.key: compile_label_clicks,
    labels.STRENGTH.key: compile_strength,
    mail.MAIL.key: compile_mail,
    rollups.COUNT.key: compile_count,
    rollups.DATE.key: compile_date,
    standing.CANNOT_TELL.key: compile_cannot_tell,
    standing.EVIDENCE.key: compile_evidence,
    standing.ON_LIST.key: compile_list,
    standing.OPTED_OUT.key: compile_opted_out,
    standing.PERMISSION.key: compile_permission,
    standing.SUPPRESSED.key: compile_suppressed,
}


def register(criterion: Criterion, compiler: Compiler) -> None:
    """Make a criterion of a higher domain part of the language, with its SQL reading."""
    add(criterion)
    COMPILERS[criterion.key] = compiler


def criteria() -> list[Criterion]:
    """Return every criterion, in the order in which the form offers them."""
    return list(CRITERIA.values())
