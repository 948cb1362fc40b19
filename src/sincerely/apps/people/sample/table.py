"""The pet shop's customers as a file that a shop would export, columns mapped. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sincerely.apps.people.rules.choices import Choices, Claim, Target
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


def choices(*, type_id: int, list_id: int) -> Choices:
    """Return what a member would have chosen for this file."""
    return Choices(
        targets=TARGETS,
        claim=Claim(type_id, evidence=1, document="The pet shop's sign-up sheet (invented)"),
        list_ids=(list_id,),
        permission_decided=True,
    )
