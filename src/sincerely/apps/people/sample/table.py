"""The pet shop's customers as a file that a shop would export, columns mapped. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from sincerely.apps.people.rules.choices import Choices, Claim, KnownField, Target
from sincerely.apps.people.sample.customers import LABELS, Customer

FILE_NAME = "pet-shop.csv"
HEADER = (
    "E-mail",
    "First name",
    "Last name",
    "Language",
    "Time zone",
    "Interesselabels",
    "City",
    "Pets",
    "Customer since",
)
TARGETS = (
    Target("address"),
    Target("first_name"),
    Target("last_name"),
    Target("language"),
    Target("time_zone"),
    Target("labels"),
    Target("new_field", key="city", name="City"),
    Target("new_field", key="pets", name="Pets", kind="number"),
    Target("signed_up_at", order="ymd"),
)


def file_of(people: Sequence[Customer]) -> bytes:
    """Return the customers as CSV in UTF-8; two thirds said what animals they keep."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(HEADER)
    for number, person in enumerate(people):
        told = person.animals if number % 3 else ()
        names = ",".join(LABELS[animal][0] for animal in told)
        table.writerow(
            (
                person.address,
                person.first_name,
                person.last_name,
                person.language,
                person.time_zone,
                names,
                person.city,
                person.pets,
                person.customer_since.isoformat(),
            )
        )
    return out.getvalue().encode()


def choices(*, type_id: int, list_id: int, fields: Iterable[KnownField] = ()) -> Choices:
    """Return what a member would have chosen for this file; fields that exist are used again."""
    known = {field.name: field for field in fields}
    return Choices(
        targets=tuple(_fitting(target, known.get(target.name)) for target in TARGETS),
        claim=Claim(type_id, evidence=1, document="The pet shop's sign-up sheet (invented)"),
        list_ids=(list_id,),
        permission_decided=True,
    )


def _fitting(target: Target, known: KnownField | None) -> Target:
    """Return the way to a field of this name that exists, or leave out what was put away."""
    if target.to != "new_field" or known is None:
        return target
    if known.is_put_away:
        return Target()
    return Target("field", key=known.key, name=known.name, kind=known.kind)
