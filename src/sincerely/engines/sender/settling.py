"""What becomes of a message by what the wire said: settled, put off or given back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sincerely.apps.sending.actions import outbox, place_hold
from sincerely.apps.sending.actions.outbox import Claimed, Settlement
from sincerely.apps.sending.models import State
from sincerely.apps.sending.queries.messages import first_attempt_at
from sincerely.apps.sending.rules import retry
from sincerely.apps.sending.rules.holds import Why, reason_of
from sincerely.wire import metrics
from sincerely.wire.smtp.replies import Outcome, Reply, Stage

# What stands for an answer where the session ended at this recipient, before any content.
CUT_SHORT = Reply(421, "The server ended the session at this recipient.")
ACCEPTED = State.ACCEPTED.value


@dataclass(slots=True)
class Settling:
    """What one transaction writes of outcomes."""

    now: datetime
    settlements: list[Settlement] = field(default_factory=list)
    returned: list[Claimed] = field(default_factory=list)
    holds: list[tuple[int, str]] = field(default_factory=list)

    def sort(self, message: Claimed, outcome: Outcome, *, is_repeatable: bool) -> None:
        """Put an outcome where it belongs: settled, or given back untouched."""
        refuses_us = outcome.stage is Stage.SENDER and outcome.reply and outcome.reply.code >= 500
        if refuses_us and outcome.reply:
            reason = reason_of(Why.SENDER_REFUSED, outcome.reply.text)
            self.holds.append((message.mailing_id, reason))
        if refuses_us or outcome.stage is Stage.CONNECT:
            self.returned.append(message)
        else:
            at = outcome.at or self.now  # whoever leaves by this very mail may be noted before now
            settled = settlement_of(message, outcome, is_repeatable=is_repeatable, now=at)
            self.settlements.append(settled._replace(at=at))

    def hold_and_settle(self) -> None:
        """Write holds and outcomes, in the caller's transaction."""
        for mailing_id, reason in self.holds:
            place_hold(mailing_id=mailing_id, reason=reason, placed_by="sender", now=self.now)
        outbox.settle(self.settlements, now=self.now)

    def count(self) -> None:
        """Count what was written, for monitoring."""
        for state, count in Counter(s.state for s in self.settlements).items():
            metrics.SETTLED.labels(state).inc(count)


def settlement_of(
    message: Claimed, outcome: Outcome, *, is_repeatable: bool, now: datetime
) -> Settlement:
    """Return what to write for an outcome."""
    if outcome.is_accepted and outcome.reply is not None:
        code, text = outcome.reply.code, outcome.reply.text
        return Settlement(message, ACCEPTED, code, text, finished_at=now)
    if outcome.reply is None and outcome.stage in (Stage.RECIPIENT, Stage.DATA):
        outcome = replace(outcome, reply=CUT_SHORT)
    if outcome.reply is None:
        if is_repeatable:
            return Settlement(
                message, State.DEFERRED, due_at=now + retry.pause_after(message.attempt_count + 1)
            )
        return Settlement(
            message,
            State.UNKNOWN,
            text="The connection was lost before the server answered.",
            finished_at=now,
        )
    code, text = outcome.reply.code, outcome.reply.text
    first_at = first_attempt_at(message.id) if 400 <= code < 500 and message.attempt_count else now
    judgement = retry.judge(
        code,
        text,
        at_recipient=outcome.stage in (Stage.RECIPIENT, Stage.CONTENT),
        attempt_count=message.attempt_count + 1,
        first_at=first_at or now,
        now=now,
    )
    match judgement:
        case retry.Accepted():
            return Settlement(message, ACCEPTED, code, text, finished_at=now)
        case retry.Later(at=at):
            return Settlement(message, State.DEFERRED, code, text, due_at=_spread(at, message.id))
        case retry.Failed(is_dead=is_dead, is_expired=is_expired):
            return Settlement(
                message,
                State.FAILED,
                code,
                text,
                reason="expired" if is_expired else "hard_bounce" if is_dead else "",
                finished_at=now,
                suppresses=is_dead,
            )


def _spread(at: datetime, number: int) -> datetime:
    """A few seconds apart, so that a wave of refusals does not come back as a wave."""
    return at + timedelta(seconds=number % 60)
