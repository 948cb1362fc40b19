"""The dry run: adds up what an import would do, without doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sincerely.apps.labels.rules import did_you_mean
from sincerely.apps.people.queries import known
from sincerely.apps.people.rules.choices import Choices
from sincerely.apps.people.rules.outcome import Change, Known, change_of, may_permit
from sincerely.apps.people.rules.record import MERGED, Record, Reject, Table

SAMPLE = 20
NAMES = 500


class Trial:
    """Adds up what an import would do, without doing it."""

    def __init__(
        self, choices: Choices, *, is_opt_out: bool, labels: Mapping[str, int] | None = None
    ) -> None:
        self._choices = choices
        self._labels = labels or {}
        self._label_names = {pk: name for name, pk in self._labels.items()}
        self._is_opt_out = is_opt_out
        self._counts: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._sample: list[dict[str, Any]] = []
        self._rejected: list[list[Any]] = []
        self.row_count = 0

    def add(self, table: Table, rejects: list[Reject], *, flags: bytes) -> None:
        """Add a stretch of rows."""
        self.row_count += len(flags)
        self._counts["merged"] += flags.count(MERGED)
        suppressed = known.suppressions(table.keys)
        erased = [
            Reject(number, "erased")
            for number, key in zip(table.numbers, table.keys, strict=True)
            if "erased" in suppressed.get(key, ())
        ]
        self._left_out.update(reject.reason for reject in [*rejects, *erased])
        room = SAMPLE - len(self._rejected)
        self._rejected += [[r.number, r.reason, r.detail] for r in [*rejects, *erased][:room]]
        there = known.contacts_by_key(table.keys)
        ids = {key: found.contact_id for key, found in there.items()}
        if self._is_opt_out:
            self._leavers(table, ids, suppressed)
            return
        if erased:
            table.keep(["erased" not in suppressed.get(key, ()) for key in table.keys])
        self._permissions(table, ids, suppressed)
        self._changes(table, there)

    def _leavers(
        self,
        table: Table,
        ids: dict[bytes, int],
        suppressed: dict[bytes, frozenset[str]],
    ) -> None:
        gone = known.opted_out(list(ids.values()))
        for key in table.keys:
            if key in ids:
                self._counts["already_out" if ids[key] in gone else "opted_out"] += 1
            else:
                barred = "opt_out_import" in suppressed.get(key, ())
                self._counts["already_out" if barred else "suppressed"] += 1

    def _changes(self, table: Table, there: dict[bytes, Known]) -> None:
        known_ids = [found.contact_id for found in there.values()]
        held = known.labels_held(known_ids if len(self._sample) < SAMPLE else ())
        places: Sequence[int] = range(len(table.keys))
        if len(self._sample) >= SAMPLE:
            places = [place for place, key in enumerate(table.keys) if key in there]
            self._counts += Counter(new=len(table.keys) - len(places))
        for place in places:
            found = there.get(table.keys[place])
            record = table.record(place)
            change = change_of(record, found, keep_known=self._choices.keep_known)
            self._counts[change.kind] += 1
            if len(self._sample) < SAMPLE:
                had = held.get(found.contact_id, ()) if found else ()
                gained = [pk for pk in table.labels[place] if pk not in had]
                self._show(record, change, gained=gained)
        for problems in table.problems.values():
            self._problems(problems)

    def _show(self, record: Record, change: Change, *, gained: Sequence[int]) -> None:
        """Keep somebody for the sample whom the file makes, changes or gives a label."""
        if change.kind == "unchanged" and not gained:
            return
        moments = {name: at.isoformat() for name, at in record.moments.items()}
        self._sample.append(
            {
                "address": record.address,
                "kind": change.kind,
                "core": change.core,
                "fields": change.fields,
                "before": change.before,
                "labels": [self._label_names[pk] for pk in gained],
                "moments": moments,
            }
        )

    def _permissions(
        self,
        table: Table,
        ids: dict[bytes, int],
        suppressed: dict[bytes, frozenset[str]],
    ) -> None:
        claim = self._choices.claim
        if claim is None:
            return
        standing = known.standings(list(ids.values()), type_id=claim.subscription_type_id)
        told = [key for key in table.keys if key in ids or key in suppressed]
        self._counts["permitted"] += len(table.keys) - len(told)
        for key in told:
            now = standing.get(ids.get(key, 0), known.NOBODY)
            verdict = may_permit(
                is_in=now.is_in,
                evidence=now.evidence,
                claimed=claim.evidence,
                opted_out=now.opted_out,
                suppressions=suppressed.get(key, frozenset()),
            )
            if verdict == "permit":
                self._counts["permitted"] += 1
            elif verdict != "have":
                self._notes[verdict] += 1

    def _problems(self, problems: list[tuple[int, str, str]]) -> None:
        for _number, reason, detail in problems:
            self._notes[reason] += 1
            if reason == "unknown_label" and (
                detail in self._unknown or len(self._unknown) < NAMES
            ):
                self._unknown[detail] += 1

    def result(self) -> dict[str, Any]:
        """Return what the check page shows, as plain values."""
        labels = sorted(self._labels)
        return {
            "counts": dict(self._counts),
            "left_out": dict(self._left_out.most_common()),
            "notes": dict(self._notes.most_common()),
            "unknown_labels": {
                name: {"count": count, "near": did_you_mean(name, labels) or ""}
                for name, count in self._unknown.most_common(NAMES)
            },
            "sample": self._sample,
            "rejected": self._rejected,
        }
