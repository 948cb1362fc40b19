"""What the API says of imports and exports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field, Schema

from sincerely.apps.people.rules.choices import Choices, Claim, Target


class TargetIn(Schema):
    """Where a column goes: see the parts in docs/reference (`to`), with key, name and kind."""

    to: str = "ignore"
    key: str = ""
    name: str = ""
    kind: str = "text"
    label: str = ""
    order: str = "dmy"
    decimal_comma: bool = False


class ClaimIn(Schema):
    """The declared origin of permission; evidence 1 is single, 2 double opt-in."""

    subscription_type_id: int
    evidence: int = Field(1, ge=1, le=2)
    at: datetime | None = None
    document: str = Field(min_length=1, max_length=300)
    note: str = ""


class ChoicesIn(Schema):
    """What is chosen for an import; without a claim the people are stored, never mailable."""

    targets: list[TargetIn]
    claim: ClaimIn | None = None
    list_ids: list[int] = []
    label_ids: list[int] = []
    duplicates: str = "merge"
    tracking_tier: str = "full"
    keep_known: bool = False
    label_names: dict[str, str] = {}

    def choices(self) -> Choices:
        """Return the choices as the rules know them."""
        claim = None
        if self.claim:
            at = self.claim.at.isoformat() if self.claim.at else ""
            claim = Claim(
                subscription_type_id=self.claim.subscription_type_id,
                evidence=self.claim.evidence,
                at=at,
                document=self.claim.document,
                note=self.claim.note,
            )
        return Choices(
            targets=tuple(Target(**target.dict()) for target in self.targets),
            claim=claim,
            list_ids=tuple(self.list_ids),
            label_ids=tuple(self.label_ids),
            duplicates=self.duplicates,
            tracking_tier=self.tracking_tier,
            keep_known=self.keep_known,
            permission_decided=True,
            label_names=self.label_names,
        )


class StartIn(Schema):
    """An opt-out list starts only with the exact number of its rows."""

    row_count: int | None = None


class NamesIn(Schema):
    """Names of unknown labels to create."""

    names: list[str]


class ImportOut(Schema):
    """An import: its state, what was guessed or chosen, what the check says, what was done."""

    id: int
    kind: str
    file_name: str
    state: str
    header: list[str]
    choices: dict[str, Any]
    row_count: int | None
    done_count: int
    preview: dict[str, Any]
    totals: dict[str, Any]
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    forgotten_at: datetime | None


class ImportPage(Schema):
    """Imports, newest first."""

    items: list[ImportOut]
    next: int | None


class RejectOut(Schema):
    """A row that was not taken, or a part of one."""

    id: int
    row_number: int
    is_whole_row: bool
    reason: str
    sentence: str
    detail: str


class RejectPage(Schema):
    """Rejects in order."""

    items: list[RejectOut]
    next: int | None


class ExportIn(Schema):
    """Who goes into the file: kind everyone, list, segment, label, rule, campaign or evidence."""

    kind: str
    id: int | None = None
    rule: dict[str, Any] | None = None
    columns: list[str] = []


class ExportOut(Schema):
    """An export; the manifest is there once it is done, the file until `forgotten_at`."""

    id: int
    name: str
    subject_kind: str
    subject_id: int | None
    state: str
    columns: list[str]
    done_count: int
    row_count: int | None
    manifest: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None
    forgotten_at: datetime | None


class ExportPage(Schema):
    """Exports, newest first."""

    items: list[ExportOut]
    next: int | None


class DiagnosisOut(Schema):
    """How many people are in each pile, and in each group of piles."""

    piles: dict[str, int]
    groups: dict[str, int]
