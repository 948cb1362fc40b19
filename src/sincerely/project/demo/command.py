"""`sincerely demo`: people in, mail out, clicks back, and the product's own report.

Runs in a fresh installation of its own (world.py) with the same processes as always: the import by
the runner, the mail over real SMTP into the test mailbox, the links read out of the mail that
arrived, each clicked over real HTTP from a loopback address of its own. Only the business clock is
turned, so that two weeks pass in a minute.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.engagement.queries.figures import figures_of
from sincerely.apps.interests.models import LabelChange
from sincerely.project import installation
from sincerely.project.demo import hits, stage, visitors, world
from sincerely.project.demo.post import Arrived, arrived
from sincerely.project.demo.stories import MailingPlan, Story, hillstrom, pet_shop
from sincerely.wire import clock

PROCESSES = ("tracker", "folder", "sender", "mailbox", "runner")
CLOCK_STEPS = 240
SEED = 2008


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the file of the real campaign."""
    parser.add_argument("--data", type=Path, help="hillstrom.csv; without it the pet shop is used")


def run(options: argparse.Namespace) -> int:
    """Tell the story; exit status 1 if a number is not what the visitors made it."""
    data = options.data.resolve() if options.data else None
    world.enter(["--data", str(data)] if data else [])
    installation.prepare()
    clock.watch(settings.HOME)
    story = hillstrom(data) if data else pet_shop(today=clock.now().date())
    print(f"{story.title}: a fresh installation in {world.home()}")
    with world.processes(PROCESSES):
        for address in (settings.TRACKER_ADDRESS, settings.MAILBOX_ADDRESS):
            world.wait_for_port(address)
        return _tell(story)


def _tell(story: Story) -> int:
    actor = stage.set_up()
    with _timed("import"):
        work = stage.import_people(story, actor)
    print(f"  imported {work.done_count} rows: {work.totals.get('counts', {})}")
    with _timed("plan and send"):
        campaigns = [stage.launch(plan, actor) for plan in story.mailings]
        stage.wait_for_sending(campaigns)
        stage.wait_for_deliveries()
    with _timed("read the mailbox"):
        mail = {letter.recipient: letter for letter in arrived(settings.MAILBOX_PATH)}
    print(f"  {len(mail)} mails in the test mailbox")
    with _timed("scanners"):
        scanned = _scan(mail)
    print(f"  {scanned} mails were scanned: every link fetched within two seconds")
    with _timed("two weeks of visits"):
        _visit(story, mail)
    with _timed("verdicts"):
        clock.turn(settings.HOME, timedelta(hours=25))
        stage.wait_for_verdicts()
    return _report(story, campaigns)


def _scan(mail: dict[str, Arrived]) -> int:
    chosen = sorted(visitors.scanned(sorted(mail), seed=SEED))
    wanted = [
        hits.Hit(link, "127.32.0.1", visitors.BROWSERS[0])
        for recipient in chosen
        for link in mail[recipient].links
    ]
    _see_that_all_answered(hits.send(wanted))
    return len(chosen)


def _visit(story: Story, mail: dict[str, Arrived]) -> None:
    people = sorted({address for plan in story.mailings for address in plan.visitors})
    begun = clock.now()
    for group in visitors.steps(visitors.visits(people, seed=SEED), count=CLOCK_STEPS):
        target = begun + timedelta(seconds=group[-1].delay_seconds)
        clock.turn(settings.HOME, max(target - clock.now(), timedelta(0)))
        wanted = []
        for visit in group:
            letter = mail[visit.address]
            wanted.append(hits.Hit(letter.pixel, visit.source, visit.browser))
            wanted.append(hits.Hit(letter.links[0], visit.source, visit.browser))
        _see_that_all_answered(hits.send(wanted))


def _see_that_all_answered(statuses: list[int]) -> None:
    wrong = [status for status in statuses if status not in (200, 302)]
    if wrong:
        raise RuntimeError(f"The tracker refused {len(wrong)} requests, the first with {wrong[0]}.")


def _report(story: Story, campaigns: list[Campaign]) -> int:
    print(f"\n{'mailing':<22}{'mailed':>9}{'delivered':>11}{'clicked':>9}{'per mailed':>12}")
    is_right = True
    for plan, campaign in zip(story.mailings, campaigns, strict=True):
        is_right &= _line(plan, campaign)
    gained = LabelChange.objects.filter(route="click", is_added=True).count()
    print(f"labels gained by clicks: {gained}")
    return 0 if is_right else 1


def _line(plan: MailingPlan, campaign: Campaign) -> bool:
    seen = figures_of(campaign.mailing_id)
    ratio = seen.clicks.human / seen.sent if seen.sent else 0.0
    print(
        f"{plan.name:<22}{seen.sent:>9}{seen.delivered:>11}{seen.clicks.human:>9}{ratio:>11.2%}"
        f"   (machine {seen.clicks.machine}, undecided {seen.clicks.undecided})"
    )
    if plan.expected_ratio is not None and f"{ratio:.2%}" != f"{plan.expected_ratio:.2%}":
        print(f"  this should have been {plan.expected_ratio:.2%}", file=sys.stderr)
        return False
    return True


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)
