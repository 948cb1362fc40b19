"""What consent records add up to: examples and properties of the fold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.consent.rules.permission import RecordFacts, fold

START = datetime(2026, 1, 1, tzinfo=UTC)
CHANNELS = ("form", "import", "api", "manual", "link")


def permit(number: int, *, type_id: int = 1, channel: str = "import", day: int) -> RecordFacts:
    at = START + timedelta(days=day)
    return RecordFacts(number, type_id, is_permit=True, channel=channel, evidence=1, at=at)


def leave(number: int, *, type_id: int | None = 1, day: int) -> RecordFacts:
    at = START + timedelta(days=day)
    return RecordFacts(number, type_id, is_permit=False, channel="link", evidence=0, at=at)


@st.composite
def histories(draw: st.DrawFn) -> list[RecordFacts]:
    found = []
    for number in range(draw(st.integers(0, 7))):
        is_permit = draw(st.booleans())
        type_id = draw(st.sampled_from([1, 2] if is_permit else [1, 2, None]))
        found.append(
            RecordFacts(
                record_id=number + 1,
                type_id=type_id,
                is_permit=is_permit,
                channel=draw(st.sampled_from(CHANNELS)),
                evidence=draw(st.integers(0, 2)),
                at=START + timedelta(days=draw(st.integers(0, 5))),
            )
        )
    return found


def test_nothing_is_unspecified() -> None:
    assert fold([]).types == {}
    assert fold([]).opt_out is None


def test_import_after_a_withdrawal_changes_nothing() -> None:
    for channel in ("import", "api", "manual"):
        folded = fold([permit(1, day=1), leave(2, day=2), permit(3, channel=channel, day=3)])
        assert not folded.types[1].is_in


def test_own_newer_act_opens_its_type_again() -> None:
    folded = fold([permit(1, day=1), leave(2, day=2), permit(3, channel="form", day=3)])
    assert folded.types[1].is_in
    assert folded.types[1].record_id == 3


def test_own_older_act_that_comes_in_late_changes_nothing() -> None:
    folded = fold([permit(1, day=1), leave(2, day=3), permit(3, channel="form", day=2)])
    assert not folded.types[1].is_in


def test_opt_out_of_all_closes_every_type_and_one_act_opens_one() -> None:
    before = [permit(1, day=1), permit(2, type_id=2, day=1), leave(3, type_id=None, day=2)]
    assert fold(before).opt_out is not None
    assert not any(s.is_in for s in fold(before).types.values())
    after = fold([*before, permit(4, type_id=2, channel="link", day=3)])
    assert after.opt_out is None
    assert after.types[2].is_in
    assert not after.types[1].is_in


def test_type_never_asked_for_stays_unspecified_under_an_opt_out_of_all() -> None:
    assert fold([leave(1, type_id=None, day=1)]).types == {}


@given(histories(), st.randoms(use_true_random=False))
def test_fold_does_not_depend_on_the_order(history: list[RecordFacts], chance: object) -> None:
    mixed = list(history)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert fold(mixed) == fold(history)


@given(histories(), st.integers(0, 9), st.sampled_from(["import", "api", "manual"]))
def test_what_others_claim_never_brings_anybody_back(
    history: list[RecordFacts], day: int, channel: str
) -> None:
    before = fold(history)
    claim = permit(99, channel=channel, day=day)
    after = fold([*history, claim])
    assert after.opt_out == before.opt_out
    if 1 in before.types and not before.types[1].is_in:
        assert not after.types[1].is_in
    if before.opt_out is not None:
        assert not after.types[1].is_in


@given(histories())
def test_withdrawing_now_always_closes(history: list[RecordFacts]) -> None:
    one = fold([*history, leave(99, day=99)])
    assert not one.types[1].is_in
    everything = fold([*history, leave(99, type_id=None, day=99)])
    assert everything.opt_out is not None
    assert not any(s.is_in for s in everything.types.values())


@given(histories())
def test_who_is_in_has_a_permit_record_of_that_type(history: list[RecordFacts]) -> None:
    permits = {r.record_id: r for r in history if r.is_permit}
    for type_id, standing in fold(history).types.items():
        if standing.is_in:
            assert permits[standing.record_id].type_id == type_id
