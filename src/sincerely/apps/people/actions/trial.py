"""The dry run: adds up what an import would do, without doing it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sincerely.apps.labels.rules import did_you_mean
from sincerely.apps.people.actions.staging import DUPLICATE
from sincerely.apps.people.queries import known
from sincerely.apps.people.rules.choices import Choices
from sincerely.apps.people.rules.outcome import Known, change_of, may_permit
from sincerely.apps.people.rules.record import Record, Reject

SAMPLE = 20
NAMES = 500


class Trial:
    """Adds up what an import would do, without doing it."""

    def __init__(self, choices: Choices, *, is_opt_out: bool) -> None:
        self._choices = choices
        self._is_opt_out = is_opt_out
        self._counts: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._sample: list[dict[str, Any]] = []
        self._rejected: list[list[Any]] = []
        self.row_count = 0

    def add(self, records: list[Record], rejects: list[Reject], *, flags: bytes) -> None:
        """Add a stretch of rows."""
        self.row_count += len(flags)
        self._counts["merged"] += sum(1 for flag in flags if flag > DUPLICATE)
        suppressed = known.suppressions([record.key for record in records])
        erased = [record for record in records if "erased" in suppressed.get(record.key, ())]
        for reject in [*rejects, *(Reject(record.number, "erased") for record in erased)]:
            self._left_out[reject.reason] += 1
            if len(self._rejected) < SAMPLE:
                self._rejected.append([reject.number, reject.reason, reject.detail])
        there = known.contacts_by_key([record.key for record in records], lock=False)
        ids = {key: found.contact_id for key, found in there.items()}
        if self._is_opt_out:
            self._leavers(records, ids, suppressed)
            return
        taken = [record for record in records if "erased" not in suppressed.get(record.key, ())]
        self._permissions(taken, ids, suppressed)
        self._changes(taken, there)

    def _leavers(
        self,
        records: list[Record],
        ids: dict[bytes, int],
        suppressed: dict[bytes, frozenset[str]],
    ) -> None:
        gone = known.opted_out(list(ids.values()))
        for record in records:
            if record.key in ids:
                self._counts["already_out" if ids[record.key] in gone else "opted_out"] += 1
            else:
                barred = "opt_out_import" in suppressed.get(record.key, ())
                self._counts["already_out" if barred else "suppressed"] += 1

    def _changes(self, records: list[Record], there: dict[bytes, Known]) -> None:
        for record in records:
            change = change_of(record, there.get(record.key), keep_known=self._choices.keep_known)
            self._counts[change.kind] += 1
            self._problems(record)
            if len(self._sample) < SAMPLE and change.kind != "unchanged":
                self._sample.append(
                    {
                        "address": record.address,
                        "kind": change.kind,
                        "core": change.core,
                        "fields": change.fields,
                        "before": change.before,
                    }
                )

    def _permissions(
        self,
        records: list[Record],
        ids: dict[bytes, int],
        suppressed: dict[bytes, frozenset[str]],
    ) -> None:
        claim = self._choices.claim
        if claim is None:
            return
        standing = known.standings(list(ids.values()), type_id=claim.subscription_type_id)
        for record in records:
            now = standing.get(ids.get(record.key, 0), known.NOBODY)
            verdict = may_permit(
                is_in=now.is_in,
                evidence=now.evidence,
                claimed=claim.evidence,
                opted_out=now.opted_out,
                suppressions=suppressed.get(record.key, frozenset()),
            )
            if verdict == "permit":
                self._counts["permitted"] += 1
            elif verdict != "have":
                self._notes[verdict] += 1

    def _problems(self, record: Record) -> None:
        for reason, detail in record.problems:
            self._notes[reason] += 1
            if reason == "unknown_label" and (
                detail in self._unknown or len(self._unknown) < NAMES
            ):
                self._unknown[detail] += 1

    def result(self, labels: list[str]) -> dict[str, Any]:
        """Return what the check page shows, as plain values."""
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
