"""The two stories that the demo tells: Hillstrom's campaign from a file, or the pet shop."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from sincerely.apps.people.rules.choices import Target
from sincerely.apps.people.sample.customers import LABELS, Customer, customers
from sincerely.apps.people.sample.past import CLICK, PAST, responses
from sincerely.apps.people.sample.table import TARGETS, file_of

SEED = 8_2026


@dataclass(frozen=True, slots=True)
class MailingPlan:
    """One mailing: who gets it by which rule ({} = holders of the label), and who will visit."""

    name: str
    rule: dict[str, Any]
    label: str
    visitors: frozenset[str]
    expected_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A file of people with its columns mapped, the labels it needs, and the mailings."""

    title: str
    table: bytes
    targets: tuple[Target, ...]
    labels: tuple[str, ...]
    mailings: tuple[MailingPlan, ...]


def hillstrom(path: Path) -> Story:
    """Return the real campaign of 2008; each visitor of the two weeks after is one click."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    visitors: dict[str, set[str]] = {"Mens E-Mail": set(), "Womens E-Mail": set()}
    sent: dict[str, int] = {"Mens E-Mail": 0, "Womens E-Mail": 0}
    for number, row in enumerate(rows, start=1):
        if row["segment"] in sent:
            sent[row["segment"]] += 1
            if row["visit"] == "1":
                visitors[row["segment"]].add(_address(number))
    return Story(
        title="Hillstrom's e-mail campaign of 2008",
        table=_hillstrom_table(rows),
        targets=(
            Target("address"),
            Target("new_field", key="recency", name="Months since last purchase", kind="number"),
            Target("new_field", key="history", name="Spent", kind="number"),
            Target("label_flag", label="Mens"),
            Target("label_flag", label="Womens"),
            Target("new_field", key="area", name="Area"),
            Target("new_field", key="channel", name="Channel"),
            Target("new_field", key="segment", name="Segment"),
        ),
        labels=("Mens", "Womens"),
        mailings=tuple(
            MailingPlan(
                name=f"{label} mailing",
                rule=_field_is("segment", segment),
                label=label,
                visitors=frozenset(visitors[segment]),
                expected_ratio=len(visitors[segment]) / sent[segment],
            )
            for label, segment in (("Mens", "Mens E-Mail"), ("Womens", "Womens E-Mail"))
        ),
    )


def _address(number: int) -> str:
    return f"c{number:05d}@example.com"


def _field_is(key: str, value: str) -> dict[str, Any]:
    return {"all": [{"criterion": "field", "field": f"custom.{key}", "test": "is", "value": value}]}


def _hillstrom_table(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    table = csv.writer(out)
    columns = ("recency", "history", "mens", "womens", "zip_code", "channel", "segment")
    table.writerow(("e-mail", *columns))
    for number, row in enumerate(rows, start=1):
        table.writerow((_address(number), *(row[column] for column in columns)))
    return out.getvalue().encode()


def pet_shop(*, today: date) -> Story:
    """Return the invented shop: those who told that they keep dogs or cats get a mail each."""
    people = customers(2_000, seed=SEED, today=today)
    return Story(
        title="The pet shop",
        table=file_of(people),
        targets=TARGETS,
        labels=tuple(name for name, _kind, _description in LABELS),
        mailings=tuple(_pet_mailing(people, animal) for animal in (0, 1)),
    )


def _pet_mailing(people: list[Customer], animal: int) -> MailingPlan:
    random = np.random.default_rng([SEED, animal])
    about = next(campaign for campaign in PAST if animal in campaign.links)
    told = [p for number, p in enumerate(people) if number % 3 and animal in p.animals]
    visitors = frozenset(
        person.address
        for person in told
        if any(r.kind == CLICK and r.delay_seconds > 10 for r in responses(person, about, random))
    )
    return MailingPlan(
        name=f"News for {LABELS[animal][0]}",
        rule={},
        label=LABELS[animal][0],
        visitors=visitors,
        expected_ratio=len(visitors) / len(told),
    )


def source_of(plan: MailingPlan) -> str:
    """Return a mailing's MJML: personal, with labelled links."""
    return (
        "<mjml><mj-body><mj-section><mj-column>"
        f'<mj-text font-size="26px">{plan.name}</mj-text>'
        '<mj-text>Hello {{ contact.first_name | default: "there" }}, here is what is new '
        'near {{ contact.city | default: "you" }}.</mj-text>'
        f'<mj-button href="https://shop.example/{plan.label.lower()}">See what is new</mj-button>'
        f'<mj-text><a href="https://shop.example/{plan.label.lower()}/offers">Offers</a> · '
        f'<a href="https://shop.example/{plan.label.lower()}/advice">Advice</a></mj-text>'
        "</mj-column></mj-section></mj-body></mjml>"
    )


def label_links(plan: MailingPlan, label_id: int) -> dict[str, dict[str, int]]:
    """Return the label of each of its links, by address."""
    page = f"https://shop.example/{plan.label.lower()}"
    return {url: {"label": label_id} for url in (page, f"{page}/offers", f"{page}/advice")}
