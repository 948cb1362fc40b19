"""Guesses which column is what: from its header, and where that is silent, from its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sincerely.apps.contacts.rules.fields import key_for
from sincerely.apps.people.rules.cells import (
    NO,
    YES,
    BadCell,
    date_order,
    read_moment,
    read_number,
    uses_decimal_comma,
)
from sincerely.apps.people.rules.choices import SINGLE, KnownField, Target
from sincerely.apps.people.rules.headers import field_hint, fold_header, is_left_out, target_of

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MOMENTS = frozenset(
    {"signed_up_at", "last_sent_at", "last_open_at", "last_click_at", "permission_at"}
)


def guess_mapping(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, fields: Sequence[KnownField]
) -> tuple[Target, ...]:
    """Return one target per column; each single target is given to its first column only."""
    taken: set[str] = set()
    targets: list[Target] = []
    for place, name in enumerate(header):
        cells = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
        target = _guess(name, cells, fields)
        if target.to in SINGLE and target.to in taken:
            target = _as_field(name, cells, fields)
        taken.add(target.to)
        targets.append(target)
    if "address" not in taken:
        _find_address(targets, rows)
    return tuple(targets)


def guess_kind(cells: Sequence[str]) -> str:
    """Return the field kind that all cells of a column fit; 'text' where in doubt."""
    if not cells:
        return "text"
    words = {cell.casefold() for cell in cells}
    if words <= YES | NO and (words & YES) and (words & NO):
        return "boolean"
    if not any(re.match(r"[-+]?0\d|\+", cell) for cell in cells) and _all(cells, read_number):
        return "number"
    order = date_order(cells)
    is_date = _all(cells, lambda cell: read_moment(cell, order=order))
    return "date" if is_date and not any(cell.isdigit() for cell in cells) else "text"


def _all(cells: Sequence[str], read: Callable[[str], object]) -> bool:
    try:
        for cell in cells:
            read(cell)
    except BadCell:
        return False
    return True


def _guess(name: str, cells: Sequence[str], fields: Sequence[KnownField]) -> Target:
    known = _match(name, fields)
    if known:
        return _known(known, cells)
    to = target_of(name)
    if to:
        return Target(to=to, order=date_order(cells) if to in MOMENTS else "dmy")
    if is_left_out(name):
        return Target()
    return _as_field(name, cells, fields)


def _match(name: str, fields: Sequence[KnownField]) -> KnownField | None:
    """Return the field that a header names, by its exact name before any other spelling."""
    for known in fields:
        if known.name == name.strip():
            return known
    folded = fold_header(name)
    for known in fields:
        if folded and folded in (fold_header(known.name), fold_header(known.key)):
            return known
    return None


def _known(known: KnownField, cells: Sequence[str]) -> Target:
    """Return the way to a field; what was put away is not filled again unasked."""
    if known.is_put_away:
        return Target()
    return Target(
        to="field",
        key=known.key,
        name=known.name,
        kind=known.kind,
        order=date_order(cells),
        decimal_comma=uses_decimal_comma(cells),
    )


def _as_field(name: str, cells: Sequence[str], fields: Sequence[KnownField]) -> Target:
    hint = field_hint(name)
    known = _match(name, fields) or next((one for one in fields if one.key == hint), None)
    if known:
        return _known(known, cells)
    if not cells or not name.strip():
        return Target()
    key = hint or key_for(name)
    kind = "text" if key in ("postal_code", "phone") else guess_kind(cells)
    return Target(
        to="new_field",
        key=key,
        name=name.strip()[:80],
        kind=kind,
        order=date_order(cells),
        decimal_comma=uses_decimal_comma(cells),
    )


def _find_address(targets: list[Target], rows: Sequence[Sequence[str]]) -> None:
    """Take the column with most addresses where no header names one."""
    best, most = -1, 0
    for place in range(len(targets)):
        count = sum(
            1 for row in rows if place < len(row) and _ADDRESS.fullmatch(row[place].strip())
        )
        if count > most:
            best, most = place, count
    if best >= 0 and most * 2 >= len(rows):
        targets[best] = Target(to="address")
