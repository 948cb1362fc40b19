"""Planning an audience into message rows against a bare `INSERT … SELECT` of as many rows.

    python -m bench.plan [COUNT] [--postgres]

COUNT contacts (default 100,000), of whom some never agreed, left, are suppressed, have broken
evidence or have not been written to for long. A campaign's audience (a segment by a rule, without a
list) is planned as the runner does it: slice by slice, each contact with its reason. The reference
copies the same message rows into a table with the same indexes, and into a bare one.
"""

# ruff: noqa: PLC0415 -- Django is imported after its settings are named

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from bench.cluster import durable_cluster
from bench.imports import forget_peak, peak_mb

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
MARK = 0.25
# Each a share of the contacts, by the last digits of their number.
LONG_AGO, LATELY = NOW - timedelta(days=500), NOW - timedelta(days=50)
SUPPRESS = """
INSERT INTO consent_suppression (address_key, reason, masked, since, detail)
SELECT address_key, 'hard_bounce', '', %s, '' FROM contacts_contact WHERE id %% 50 = 4"""
OPT_OUT = """
INSERT INTO consent_optout (contact_id, record_id, since, cause)
SELECT contact_id, id, %s, '' FROM consent_consentrecord WHERE contact_id %% 50 = 5"""
MAILED = """
INSERT INTO engagement_contactengagement (contact_id, last_sent_at, sent_count,
  delivered_count, open_count, click_count, sent_since_engaged_count)
SELECT id, CASE WHEN id %% 20 = 6 THEN %s ELSE %s END, 1, 1, 0, 0, 1
FROM contacts_contact WHERE id %% 2 = 0"""
SPOILT: tuple[tuple[str, tuple[datetime, ...]], ...] = (
    ("DELETE FROM consent_permission WHERE contact_id %% 20 = 1", ()),
    ("UPDATE consent_permission SET is_in = false WHERE contact_id %% 40 = 2", ()),
    ("UPDATE consent_consentrecord SET payload = NULL WHERE contact_id %% 200 = 3", ()),
    (SUPPRESS, (NOW,)),
    (OPT_OUT, (NOW,)),
    (MAILED, (LONG_AGO, LATELY)),
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.plan")
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--postgres", action="store_true")
    return parser.parse_args()


def prepare(count: int) -> tuple[int, dict[str, list[dict[str, int]]]]:
    """Make the contacts and a mailing; return it with the audience."""
    from bench.audience import fill
    from django.core.management import call_command
    from django.db import connection, transaction
    from tests.apps.sending import people
    from tests.cast import make_cast

    from sincerely.apps.contacts.actions.lists import create_list
    from sincerely.apps.segments.actions.saving import create_segment

    call_command("migrate", verbosity=0)
    cast = make_cast(NOW)
    kind = people.marketing(NOW)
    fill(count, now=NOW - timedelta(days=30), kind_id=kind.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, values in SPOILT:
            given = [connection.ops.adapt_datetimefield_value(value) for value in values]
            cursor.execute(sql, given)
        cursor.execute("ANALYZE")
    dispatch = people.add_dispatch(cast, now=NOW, kind=kind)
    rule = {"all": [{"criterion": "field", "field": "language", "value": "en"}]}
    segment = create_segment("English", rule, now=NOW, actor=cast.actor)
    left_out = create_list("Staff", now=NOW, actor=cast.actor)
    audience = {"include": [{"segment": segment.pk}], "exclude": [{"list": left_out.pk}]}
    return dispatch.pk, audience


def plan(mailing_id: int, audience: dict[str, list[dict[str, int]]]) -> None:
    """Plan everybody, as the runner does."""
    from sincerely.apps.campaigns.actions.launch import PLAN_LIMIT
    from sincerely.apps.campaigns.queries import audience_query
    from sincerely.apps.sending.actions import plan_slice

    is_done = False
    while not is_done:
        query = audience_query(audience, now=NOW)
        assert query is not None
        is_done = plan_slice(
            mailing_id, query, version_id=None, due_at=NOW, now=NOW, limit=PLAN_LIMIT
        ).is_done


def measure(count: int) -> None:
    """Run everything and print the figures."""
    from bench.copied import spent_so_far, spent_to_copy
    from django.db import connection

    from sincerely.apps.sending.models import Message
    from sincerely.apps.sending.queries import tally

    mailing_id, audience = prepare(count)
    forget_peak()
    began = spent_so_far()
    plan(mailing_id, audience)
    spent = spent_so_far() - began
    memory, found = peak_mb(), tally(mailing_id)
    assert sum(found.by_state.values()) == count, "the sum is not the audience"
    print(f"  {found.by_state} {found.by_reason}")
    copied = spent_to_copy([Message], bare=False)
    bare = spent_to_copy([Message], bare=True)
    for name, one in (("plan", spent), ("INSERT SELECT", copied), ("bare table", bare)):
        rate, cpu = count / one.wall, one.cpu / count * 1e6
        print(f"{name:14} {rate:10,.0f} rows/s   cpu {cpu:6.1f} us/row")
    result = {
        "path": "plan",
        "database": connection.vendor,
        "rows": count,
        "measured": round(count / spent.wall),
        "unit": "rows/s",
        "reference": round(count / copied.wall),
        "ratio": round(copied.wall / spent.wall, 3),
        "mark": MARK,
        "ratio_by_cpu": round(copied.cpu / spent.cpu, 3),
        "ratio_to_bare_table": round(bare.wall / spent.wall, 3),
        "memory_mb": round(memory),
    }
    print(f"RESULT {json.dumps(result)}")


def main() -> int:
    asked = options()
    home = tempfile.mkdtemp(prefix="bench-plan-")
    os.environ |= {
        "SINCERELY_HOME": home,
        "DJANGO_SETTINGS_MODULE": "sincerely.project.settings",
        "SINCERELY_LOG_LEVEL": "WARNING",
    }
    with ExitStack() as open_things:
        open_things.callback(shutil.rmtree, home, ignore_errors=True)
        if asked.postgres:
            os.environ["DATABASE_URL"] = open_things.enter_context(durable_cluster())
        import django

        django.setup()
        measure(asked.count)
        from django.db import connection

        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
