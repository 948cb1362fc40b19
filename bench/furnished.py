"""What pages show beside the past of bench.world: permissions, opt-outs, a campaign."""

from __future__ import annotations

from bench.world import CAMPAIGNS, NOW, World
from django.db import connection, models, transaction

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.consent.models import (
    ConsentRecord,
    OptOut,
    Permission,
    SubscriptionType,
    Suppression,
)
from sincerely.apps.content.models import Content
from sincerely.apps.segments.actions import refresh
from sincerely.apps.segments.models import Segment
from sincerely.apps.sending.models import Message
from sincerely.apps.team.models import Brand, Member, Organisation


def copy_rows(model: type[models.Model], given: dict[str, str], source: str) -> None:
    """Insert rows by one statement: columns as given, the others with the model's defaults."""
    columns, values = [], []
    for each in model._meta.concrete_fields:  # noqa: SLF001
        column = str(each.column)
        if column not in given and each.primary_key:
            continue
        default = each.get_db_prep_save(each.get_default(), connection)
        columns.append(column)
        values.append(given.get(column) or _literal(default))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"  # noqa: SLF001
            f" SELECT {', '.join(values)} FROM {source}"
        )
        if "id" in given and connection.vendor == "postgresql":
            table = model._meta.db_table  # noqa: SLF001
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}"
            )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int | float) else f"'{value}'"


def furnish(world: World) -> dict[str, int]:
    """Store what the pages show beside the past: permission, opt-outs, a campaign, segments."""
    now = f"'{connection.ops.adapt_datetimefield_value(NOW)}'"
    type_id = SubscriptionType.objects.order_by("pk").values_list("pk", flat=True)[0]
    blob = "'\\x00'::bytea" if connection.vendor == "postgresql" else "x'00'"
    if not Permission.objects.exists():
        record = {
            "id": "id", "contact_id": "id", "subscription_type_id": str(type_id),
            "act": "'permit'", "channel": "'import'", "at": now, "recorded_at": now,
            "commitment": blob,
        }  # fmt: skip
        # One in a thousand was never asked, one in twenty left.
        copy_rows(ConsentRecord, record, "contacts_contact WHERE id % 1000 <> 0")
        held = {
            "contact_id": "id", "subscription_type_id": str(type_id), "is_in": "id % 20 <> 1",
            "evidence": "1", "record_id": "id", "since": now,
        }  # fmt: skip
        copy_rows(Permission, held, "contacts_contact WHERE id % 1000 <> 0")
        left = {"contact_id": "id", "record_id": "id", "since": now}
        copy_rows(OptOut, left, "contacts_contact WHERE id % 100 = 3")
        blocked = {"address_key": "address_key", "reason": "'manual'", "since": now}
        copy_rows(Suppression, blocked, "contacts_contact WHERE id % 211 = 0")
    return {"campaign": _campaign(world, now), **_segments(world)}


def _campaign(world: World, now: str) -> int:
    found = Campaign.objects.first()
    if found:
        return found.pk
    mailing = world.mailings[CAMPAIGNS - 1]
    brand, _new = Brand.objects.get_or_create(
        name="Bench", defaults={"postal_address": "1 High Street", "created_at": NOW}
    )
    content = Content.objects.create(name="Bench", brand=brand, created_at=NOW, changed_at=NOW)
    planned = {
        "mailing_id": str(mailing), "contact_id": "d.contact_id", "nonce": "c.address_key",
        "address_key": "c.address_key", "due_at": now, "planned_at": now,
        "state": "CASE WHEN d.contact_id % 500 = 7 THEN 'unknown' WHEN bounced_at IS NOT NULL THEN"
        " 'failed' WHEN d.contact_id % 40 = 9 THEN 'skipped' ELSE 'accepted' END",
        "reason": "CASE WHEN d.contact_id % 40 = 9 AND bounced_at IS NULL AND"
        " d.contact_id % 500 <> 7 THEN 'stale' ELSE '' END",
    }  # fmt: skip
    joined = "engagement_delivery d JOIN contacts_contact c ON c.id = d.contact_id"
    copy_rows(Message, planned, f"{joined} WHERE d.mailing_id = {mailing}")
    made = Campaign.objects.create(
        name="Bench", mailing_id=mailing, content=content, stage="launched", launched_at=NOW,
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    return int(made.pk)


def _segments(world: World) -> dict[str, int]:
    mail = {"criterion": "mail", "did": "sent", "mailing": world.mailings[CAMPAIGNS - 2]}
    rules = {
        "watched": {"criterion": "mail", "did": "opened", "mailing": mail["mailing"]},
        "unwatched": {"all": [mail, {"none": [{"criterion": "list", "list": world.list_id}]}]},
    }
    made = {}
    for name, rule in rules.items():
        segment, is_new = Segment.objects.get_or_create(
            name=name,
            defaults={
                "rule": rule, "is_watched": name == "watched", "created_at": NOW, "changed_at": NOW,
            },
        )  # fmt: skip
        if is_new and name == "watched":
            refresh(segment, now=NOW)
        made[name] = segment.pk
    return made


def member() -> Member:
    """Return somebody who may see every page."""
    Organisation.objects.get_or_create(pk=1, defaults={"name": "Bench", "set_up_at": NOW})
    found = Member.objects.filter(email="bench@team.example").first()
    return found or Member.objects.create_user(
        "bench@team.example", "correct horse battery", name="Bench", role="owner", created_at=NOW
    )
