"""The verdict model: precision and recall on labelled cases, and each piece of evidence."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.engagement.rules.agents import is_prefetcher, is_robot
from sincerely.apps.engagement.rules.estimate import Group, open_ratio
from sincerely.apps.engagement.rules.networks import network_of
from sincerely.apps.engagement.rules.verdict import (
    HUMAN,
    MACHINE,
    UNDECIDED,
    WINDOWS,
    Circumstances,
    Hit,
    judge,
)
from tests.apps.engagement.scanners import BROWSERS, DELIVERED, LINKS, SCANNERS, cases

CORPUS = Path(__file__).parents[4] / "shared/corpora/user-agents/crawler-user-agents.json"
KNOWN = Circumstances(delivered_at=DELIVERED, link_count=LINKS)


def hit(after: float = 3_600, kind: str = "click", **more: object) -> Hit:
    at = DELIVERED + timedelta(seconds=after)
    facts = {"link_number": 1, "user_agent": BROWSERS[0], "ip": "81.20.30.40"} | more
    return Hit(kind=kind, at=at, **facts)  # type: ignore[arg-type]


def verdict_of(one: Hit, *others: Hit, circumstances: Circumstances = KNOWN) -> str:
    return judge([one, *others], circumstances, WINDOWS[2])[0].verdict


@pytest.mark.requirement("R037")
def test_precision_and_recall_on_labelled_events() -> None:
    counts: Counter[tuple[str, str]] = Counter()
    truth: Counter[tuple[bool, str]] = Counter()
    for case in cases(seed=20260615, count=8_000):
        for found in judge(case.hits, case.circumstances, WINDOWS[3]):
            counts[case.family, found.verdict] += 1
            truth[case.is_human, found.verdict] += 1
    human_as_human, machine_as_human = truth[True, HUMAN], truth[False, HUMAN]
    precision = human_as_human / (human_as_human + machine_as_human)
    recall = human_as_human / sum(n for (is_human, _v), n in truth.items() if is_human)
    dropped = truth[True, MACHINE] / sum(n for (is_human, _v), n in truth.items() if is_human)
    print(f"human clicks: precision {precision:.4f}, recall {recall:.4f}, dropped {dropped:.4f}")
    print({f"{family}: {verdict}": n for (family, verdict), n in sorted(counts.items())})
    assert precision >= 0.98
    assert recall >= 0.95
    assert dropped <= 0.01
    for make in SCANNERS:
        seen = sum(n for (family, _v), n in counts.items() if family == make.__name__)
        assert counts[make.__name__, HUMAN] <= 0.02 * seen, make.__name__


def test_no_full_scan_is_ever_taken_for_a_person() -> None:
    """A scanner that clicks every link never ends among the confirmed."""
    whole = ("scanner_gateway", "scanner_late_burst", "scanner_patient", "scanner_slow")
    for case in cases(seed=7, count=4_000):
        if case.family in whole:
            verdicts = {found.verdict for found in judge(case.hits, KNOWN, WINDOWS[2])}
            assert HUMAN not in verdicts, case.family


def test_every_robot_of_the_corpus_and_no_browser() -> None:
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS} is not here")
    robots = [agent for entry in json.loads(CORPUS.read_text()) for agent in entry["instances"]]
    found = sum(map(is_robot, robots)) / len(robots)
    assert found >= 0.99
    assert [agent for agent in BROWSERS if is_robot(agent)] == []


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (hit(), HUMAN),
        (hit(after=40), HUMAN),
        (hit(after=20), UNDECIDED),
        (hit(after=3), UNDECIDED),
        (hit(after=1), MACHINE),
        (hit(after=-1), MACHINE),
        (hit(method="HEAD"), MACHINE),
        (hit(is_prefetch=True), MACHINE),
        (hit(ip="40.92.10.1"), MACHINE),
        (hit(ip="2a01:111:f400::1"), MACHINE),
        (hit(ip="::ffff:40.92.10.1"), MACHINE),
        (hit(ip="148.163.130.9"), HUMAN),
        (hit(after=100, ip="148.163.130.9"), UNDECIDED),
        (hit(after=1, is_simulated=True, user_agent="curl"), HUMAN),
        (hit(kind="open"), HUMAN),
        (hit(kind="open", after=4), UNDECIDED),
        (hit(kind="open", user_agent="Mozilla/5.0"), MACHINE),
        (hit(kind="open", user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)"), HUMAN),
        (hit(kind="open", user_agent="YahooMailProxy; https://help.yahoo.com/"), HUMAN),
        (hit(kind="open", ip="34.100.1.1"), HUMAN),
    ],
)
def test_each_piece_of_evidence(one: Hit, expected: str) -> None:
    assert verdict_of(one) == expected


def test_gmail_prefetches_are_machines_and_its_proxy_is_not() -> None:
    prefetch = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
    )
    assert is_prefetcher(prefetch)
    assert verdict_of(hit(kind="open", user_agent=prefetch)) == MACHINE


def test_what_is_surely_a_persons_speaks_for_the_click_before_it() -> None:
    early = hit(after=20)
    acted = KNOWN._replace(acted_at=(early.at + timedelta(seconds=60),))
    assert verdict_of(early, circumstances=acted) == HUMAN
    much_later = KNOWN._replace(acted_at=(early.at + timedelta(hours=1),))
    assert verdict_of(early, circumstances=much_later) == UNDECIDED


def test_a_window_sees_nothing_of_what_comes_after_it() -> None:
    """Judging again later from raw gives the same answer."""
    first = hit(after=4_000)
    late = [hit(after=4_000 + 91 + n / 10, link_number=n) for n in range(1, LINKS + 1)]
    alone = judge([first], KNOWN, WINDOWS[2])[0]
    assert judge([first, *late], KNOWN, WINDOWS[2])[0] == alone


def test_simulated_clicks_make_no_burst() -> None:
    clicks = [hit(after=600 + n / 10, link_number=n, is_simulated=True) for n in range(1, 6)]
    real = hit(after=600, link_number=7)
    assert {found.verdict for found in judge([*clicks, real], KNOWN, WINDOWS[2])} == {HUMAN}


@given(
    st.lists(
        st.builds(
            hit,
            after=st.floats(-10, 100_000),
            kind=st.sampled_from(["open", "click"]),
            link_number=st.integers(0, 9),
            user_agent=st.text(max_size=40),
            ip=st.sampled_from(["", "nonsense", "81.2.3.4", "40.92.1.1", "2001:db8::1"]),
        ),
        max_size=12,
    )
)
def test_any_hits_get_a_probability_and_order_does_not_matter(hits: list[Hit]) -> None:
    found = judge(hits, KNOWN, WINDOWS[3])
    assert all(0 <= judgement.machine_probability <= 1 for judgement in found)
    assert judge(hits[::-1], KNOWN, WINDOWS[3])[::-1] == found


def test_networks() -> None:
    assert network_of("104.47.0.1") == "certain"
    assert network_of("104.48.0.1") == "other"
    assert network_of("88.198.1.1") == "hosting"
    assert network_of("") == "other"


def test_estimates() -> None:
    found = open_ratio(Group(1_000, 250, 60), Group(1_000, 0, 30))
    assert found is not None
    assert found.value == pytest.approx(0.1875)
    assert found.low < found.value < found.high
    assert open_ratio(Group(0, 0, 0), Group(10, 0, 1)) is None
    shrunk = open_ratio(Group(100, 25, 1), Group(100, 0, 0))
    assert shrunk is not None
    assert shrunk.value > 0.2
