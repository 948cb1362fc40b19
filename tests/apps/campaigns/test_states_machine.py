"""Whatever members, people, senders and crashes do to a campaign, in any order: the sum is right.

Hypothesis makes up the order. Each recipient ends in exactly one state, nobody's mail is accepted
twice unless a member chose to repeat it, nobody gets content after leaving.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sincerely.apps.campaigns import actions, tasks
from sincerely.apps.campaigns.actions import launch
from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.campaigns.rules.schedule import Now
from sincerely.apps.consent.actions import suppress
from sincerely.apps.contacts.models import Contact, ListMembership
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.sending import actions as sending
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.engines.sender.record import GO
from sincerely.engines.sender.recover import recover_from
from sincerely.wire import clock
from sincerely.wire.smtp.replies import Outcome, Reply
from sincerely.wire.smtp.replies import Stage as Step
from tests.apps.campaigns import desk
from tests.apps.sending import people
from tests.cast import Cast
from tests.crash.scale import sized, write_down
from tests.crash.step_sender import StepSender

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(14_400),
]
ACCEPTED = Outcome(Step.CONTENT, Reply(250, "2.0.0 ok"))
OUTCOMES = {
    "accepted": ACCEPTED,
    "later": Outcome(Step.CONTENT, Reply(451, "4.2.0 later")),
    "refused": Outcome(Step.RECIPIENT, Reply(550, "5.7.1 not you")),
    "dead": Outcome(Step.RECIPIENT, Reply(550, "5.1.1 no such user")),
    "lost": Outcome(Step.CONTENT, None, is_unknown=True),
    "never began": Outcome(Step.CONNECT, None),
}
numbers = itertools.count(1)
done: Counter[str] = Counter()


class Killed(Exception):
    """The process ended here."""


class CampaignMachine(RuleBasedStateMachine):
    """One campaign to a handful of people, two of whom share an address."""

    cast: Cast

    @initialize(is_planned=st.sampled_from([True, True, False]))
    def begin(self, is_planned: bool) -> None:
        """People, a list and a draft, or (so that orders reach deep) a campaign on its way."""
        self.world = next(numbers)
        self.offset = timedelta(0)
        self.now = clock.now()
        self.senders: list[StepSender] = []
        self.kept: Counter[int] = Counter()
        self.repeats: Counter[int] = Counter()
        self.left: set[int] = set()
        kind = people.marketing(self.now)
        self.people = people.opted_in(5, now=self.now, kind=kind, domain=f"w{self.world}.example")
        twin = self._twin_of(self.people[0])
        people.add_permission(twin, kind, now=self.now)
        self.people.append(twin)
        self.list = desk.put_on_list(f"World {self.world}", self.people[:5], now=self.now)
        self.others = desk.put_on_list(f"Others {self.world}", self.people[4:], now=self.now)
        self.campaign = desk.draft(self.cast, now=self.now)
        self._aim({"include": [{"list": self.list.pk}], "exclude": []})
        done["sequences"] += 1
        if is_planned:
            self.launch(0)
            self.begin_what_is_due()
            self.plan_a_slice()
            self.start_sender()

    def _twin_of(self, contact: Contact) -> Contact:
        return people.add_contact(contact.address, now=self.now, share=1)

    def _aim(self, audience: dict[str, object]) -> None:
        actions.set_audience(
            self.campaign.pk, audience=audience, now=self.now, actor=self.cast.actor
        )

    def stage(self) -> str:
        return Campaign.objects.values_list("stage", flat=True).get(pk=self.campaign.pk)

    # -- what members do ----------------------------------------------------------------------

    @precondition(lambda self: self.stage() == Stage.DRAFT)
    @rule(is_wide=st.booleans())
    def edit_audience(self, is_wide: bool) -> None:
        both = [{"list": self.list.pk}, {"list": self.others.pk}]
        self._aim({"include": both if is_wide else both[:1], "exclude": []})

    @precondition(lambda self: self.stage() == Stage.DRAFT)
    @rule(minutes=st.sampled_from([0, 0, 0, 1]))
    def launch(self, minutes: int) -> None:
        try:
            actions.launch_campaign(
                self.campaign.pk,
                schedule=Now(),
                now=clock.now(),
                actor=self.cast.actor,
                grace=timedelta(minutes=minutes),
            )
        except launch.NotReady as problem:  # everybody has left
            assert [wall.code for wall in problem.walls] == ["nobody"]  # noqa: PT017

    @precondition(lambda self: self.stage() == Stage.SCHEDULED)
    @rule()
    def stop(self) -> None:
        actions.stop_launch(self.campaign.pk, now=clock.now(), actor=self.cast.actor)

    @precondition(lambda self: self.stage() == Stage.LAUNCHED)
    @rule()
    def pause(self) -> None:
        actions.pause_campaign(self.campaign.pk, now=clock.now(), actor=self.cast.actor)

    @precondition(lambda self: self.stage() == Stage.PAUSED)
    @rule()
    def resume(self) -> None:
        actions.resume_campaign(self.campaign.pk, now=clock.now(), actor=self.cast.actor)

    @precondition(lambda self: self.stage() in (Stage.LAUNCHED, Stage.PAUSED))
    @rule(dies=st.booleans(), really=st.integers(0, 3))
    def cancel(self, dies: bool, really: int) -> None:
        """A campaign is cancelled, now and then by a process that dies between its two writes."""
        if really:
            return
        with pytest.MonkeyPatch.context() as patch:
            if dies:
                patch.setattr(launch.sending, "cancel", _die)
            try:
                actions.cancel_campaign(self.campaign.pk, now=clock.now(), actor=self.cast.actor)
            except Killed:
                done["crashes"] += 1

    @rule()
    def hold(self) -> None:
        mailing = Mailing.objects.get(pk=self.campaign.mailing_id)
        sending.place_hold(
            reason="a doubt", placed_by="test", now=clock.now(), mailing_id=mailing.pk
        )

    @rule()
    def lift(self) -> None:
        for pk in self.campaign.mailing.hold_set.filter(lifted_at=None).values_list(
            "pk", flat=True
        ):
            sending.lift_hold(pk, now=clock.now())

    @rule()
    def repeat_unknown(self) -> None:
        unknown = Message.objects.filter(mailing_id=self.campaign.mailing_id, state="unknown")
        self.repeats.update(unknown.values_list("pk", flat=True))
        sending.repeat_unknown(self.campaign.mailing_id, now=clock.now(), actor=self.cast.actor)

    # -- what people do -----------------------------------------------------------------------

    @rule(who=st.integers(0, 5), how=st.sampled_from(["opt out", "suppressed", "moved"]))
    def leave(self, who: int, how: str) -> None:
        contact = self.people[who]
        if contact.pk in self.left:
            return
        if how == "opt out":
            people.add_opt_out(contact, now=clock.now())
            self.left.add(contact.pk)
        elif how == "suppressed":
            suppress(bytes(contact.address_key), reason="manual", now=clock.now())
            same = Contact.objects.filter(address_key=contact.address_key)
            self.left.update(same.values_list("pk", flat=True))
        else:
            key = people.key_of(f"moved{next(numbers)}@new.example")
            Contact.objects.filter(pk=contact.pk).update(address_key=key)
            contact.address_key = key

    @rule(who=st.integers(0, 5))
    def join_or_leave_the_list(self, who: int) -> None:
        found = ListMembership.objects.filter(contact=self.people[who], contact_list=self.list)
        if not found.delete()[0]:
            ListMembership.objects.create(
                contact=self.people[who], contact_list=self.list, added_at=clock.now()
            )

    # -- what the runner does -----------------------------------------------------------------

    @rule()
    def begin_what_is_due(self) -> None:
        tasks.launch_due(now=clock.now(), owner="test", stop=desk.STOP)

    @rule()
    def plan_a_slice(self) -> None:
        tasks.plan_step(now=clock.now(), owner="test", stop=desk.STOP)

    @rule()
    def finish_cancels(self) -> None:
        tasks.finish_cancels(now=clock.now(), owner="test", stop=desk.STOP)

    @rule(minutes=st.sampled_from([1, 10, 60]))
    def time_passes(self, minutes: int) -> None:
        self.offset += timedelta(minutes=minutes)
        clock.set_offset(self.offset)

    # -- what senders do ----------------------------------------------------------------------

    @precondition(lambda self: len(self.senders) < 2)
    @rule()
    def start_sender(self) -> None:
        self.senders.append(StepSender())

    @precondition(lambda self: self.senders)
    @rule(at=st.integers(0, 1), limit=st.integers(1, 4))
    def claim(self, at: int, limit: int) -> None:
        self._sender(at).claim(limit)

    @precondition(lambda self: self.senders)
    @rule(at=st.integers(0, 1))
    def forget(self, at: int) -> None:
        """The database failed beneath a claim: the queue still holds what was given back."""
        self._sender(at).forget()

    @precondition(lambda self: any(sender.queue for sender in self.senders))
    @rule(at=st.integers(0, 1))
    def dial(self, at: int) -> None:
        self._turn(self._sender(at), None, follows=True)

    @precondition(lambda self: any(sender.abroad for sender in self.senders))
    @rule(
        at=st.integers(0, 1),
        said=st.sampled_from(sorted(OUTCOMES)),
        has_arrived=st.booleans(),
        follows=st.booleans(),
    )
    def settle(self, at: int, said: str, has_arrived: bool, follows: bool) -> None:
        """An answer is heard; a lost one hides whether the server had accepted."""
        sender = self._sender(at)
        if not sender.abroad:
            return
        number = next(iter(sender.abroad))
        self.kept[number] += said == "accepted" or (said == "lost" and has_arrived)
        self._turn(sender, OUTCOMES[said], follows=follows)

    @precondition(lambda self: self.senders)
    @rule(at=st.integers(0, 1), has_arrived=st.booleans(), in_order=st.booleans())
    def end_sender(self, at: int, has_arrived: bool, in_order: bool) -> None:
        """A sender ends between any two steps; what it had granted may have been accepted."""
        sender = self._sender(at)
        self.senders.remove(sender)
        for number in sender.abroad:
            self.kept[number] += has_arrived
        done["crashes"] += not in_order
        if in_order:
            sender.stop()
        else:
            sender.die()

    @precondition(lambda self: self.senders)
    @rule(at=st.integers(0, 1))
    def take_over(self, at: int) -> None:
        self._sender(at).look_after_the_dead()

    @precondition(lambda self: self.senders)
    @rule(at=st.integers(0, 1))
    def take_for_dead(self, at: int) -> None:
        """It lives, but somebody else takes over what it has (its lock was lost)."""
        recover_from(self._sender(at).owner.name, now=clock.now())

    def _sender(self, at: int) -> StepSender:
        return self.senders[at % len(self.senders)]

    def _turn(self, sender: StepSender, outcome: Outcome | None, *, follows: bool) -> None:
        """Record the outcome of the eldest mail abroad, and ask for the next in the queue."""
        finished = next(iter(sender.abroad.values())) if outcome else None
        following = sender.queue.pop(0) if follows and sender.queue else None
        if finished is None and following is None:
            return
        said = sender.turn(finished, outcome, following)
        done["turns"] += 1
        if following is not None and said == GO:
            assert following.message.contact_id not in self.left, "content after leaving"

    # -- what must hold -----------------------------------------------------------------------

    @invariant()
    def nobody_twice(self) -> None:
        """One mail per message, contact and address."""
        if not hasattr(self, "campaign"):
            return
        for number, count in self.kept.items():
            assert count <= 1 + self.repeats[number], "accepted twice"
        rows = Message.objects.filter(mailing_id=self.campaign.mailing_id)
        contacts = Counter(rows.values_list("contact_id", flat=True))
        addresses = Counter(
            bytes(key)
            for key in rows.exclude(state="skipped").values_list("address_key", flat=True)
        )
        assert max(contacts.values(), default=1) == 1
        assert max(addresses.values(), default=1) == 1

    def teardown(self) -> None:
        """Let everything come to its end; then everybody has exactly one terminal state."""
        if not hasattr(self, "campaign"):
            return
        try:
            self._come_to_an_end()
        finally:
            clock.set_offset(timedelta(0))

    def _come_to_an_end(self) -> None:
        while self.senders:
            self.end_sender(0, has_arrived=True, in_order=False)
        if self.stage() == Stage.PAUSED:
            self.resume()
        self.lift()
        last = StepSender()
        for _ in range(60):
            if self.stage() == Stage.DRAFT or is_finished(self.campaign.mailing_id):
                break
            self._one_round(last)
        last.stop()
        if self.stage() != Stage.DRAFT:
            self._judge()
        self.nobody_twice()

    def _one_round(self, sender: StepSender) -> None:
        self.time_passes(60)
        self.begin_what_is_due()
        self.plan_a_slice()
        self.finish_cancels()
        sender.look_after_the_dead()
        sender.claim(10)
        while sender.queue:
            self._turn(sender, None, follows=True)
        while sender.abroad:
            self.kept[next(iter(sender.abroad))] += 1
            self._turn(sender, ACCEPTED, follows=False)

    def _judge(self) -> None:
        assert is_finished(self.campaign.mailing_id)
        found = tally(self.campaign.mailing_id)
        assert found.open_count == 0
        rows = Message.objects.filter(mailing_id=self.campaign.mailing_id)
        assert sum(found.by_state.values()) == rows.count()
        for number, state in rows.values_list("pk", "state"):
            if state == "accepted":
                assert self.kept[number] >= 1, "lost"
            elif state != "unknown" and not self.repeats[number]:
                assert self.kept[number] == 0, f"accepted, and shown as {state}"
        done["recipients"] += rows.count()


def _die(*_arguments: object, **_named: object) -> None:
    raise Killed


@pytest.mark.requirement("R061")
def test_any_order_of_events_ends_well(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "PLAN_LIMIT", 2)
    done.clear()

    class Machine(CampaignMachine):
        pass

    Machine.cast = cast
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=sized(10, 60, 1_000),
            stateful_step_count=sized(40, 60, 60),
            deadline=None,
            phases=[Phase.generate],  # a shorter example would take minutes to find
            suppress_health_check=list(HealthCheck),
        ),
    )
    write_down(
        4,
        "any order of events (state machine)",
        done=done["recipients"],
        kills=done["crashes"],
        lost=0,
        twice=0,
        sequences=done["sequences"],
        turns=done["turns"],
    )
