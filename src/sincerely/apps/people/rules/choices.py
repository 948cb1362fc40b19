"""What a member chose for an import, as plain values that are stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

TARGETS = (
    "ignore", "address", "first_name", "last_name", "full_name", "language", "time_zone", "labels",
    "label_flag", "field", "new_field", "signed_up_at", "last_sent_at", "last_open_at",
    "last_click_at", "permission_at", "document", "ip",
)  # fmt: skip
SINGLE = frozenset(TARGETS) - {"ignore", "label_flag", "field", "new_field", "labels"}
HISTORY = ("last_sent_at", "last_open_at", "last_click_at")
DUPLICATES = ("merge", "first", "last")
NEW_KINDS = ("text", "number", "date", "boolean", "choice")
FIELD_NAME_CHARS = 80
TIERS = ("full", "hygiene", "none")


@dataclass(frozen=True, slots=True)
class Target:
    """Where one column goes; `key` names a custom field, `label` the label of a yes/no column."""

    to: str = "ignore"
    key: str = ""
    name: str = ""
    kind: str = "text"
    label: str = ""
    order: str = "dmy"
    decimal_comma: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """The declared origin of permission: for what, how strong, since when, on which paper.

    `at` is an ISO time for rows without a date of their own; '' means the time of the import.
    """

    subscription_type_id: int
    evidence: int = 1
    at: str = ""
    document: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything chosen; without a claim the people are stored but may not be mailed.

    `label_names` says, for a name in the file that is no label's, which label's name is meant.
    """

    targets: tuple[Target, ...] = ()
    claim: Claim | None = None
    list_ids: tuple[int, ...] = ()
    label_ids: tuple[int, ...] = ()
    duplicates: str = "merge"
    tracking_tier: str = "full"
    keep_known: bool = False
    permission_decided: bool = False
    label_names: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for storage."""
        return asdict(self)

    def place_of(self, to: str) -> int | None:
        """Return the number of the first column with this target."""
        return next((i for i, target in enumerate(self.targets) if target.to == to), None)

    def with_(self, **changes: Any) -> Choices:
        """Return a copy with some choices changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the choices; `column` counts from 0, None for the whole."""

    code: str
    column: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KnownField:
    """A custom field that exists."""

    key: str
    name: str
    kind: str
    choices: tuple[str, ...] = field(default=())
    is_put_away: bool = False


def from_json(stored: dict[str, Any]) -> Choices:
    """Return the choices that `to_json` stored; missing parts take their defaults."""
    claim = stored.get("claim")
    return Choices(
        targets=tuple(Target(**target) for target in stored.get("targets", ())),
        claim=Claim(**claim) if claim else None,
        list_ids=tuple(stored.get("list_ids", ())),
        label_ids=tuple(stored.get("label_ids", ())),
        duplicates=stored.get("duplicates", "merge"),
        tracking_tier=stored.get("tracking_tier", "full"),
        keep_known=bool(stored.get("keep_known", False)),
        permission_decided=bool(stored.get("permission_decided", False)),
        label_names=dict(stored.get("label_names", {})),
    )


def check(choices: Choices, *, fields: Mapping[str, KnownField]) -> list[Problem]:
    """Return what must be put right before the import can be checked; empty means good.

    `fields` are all that exist: the name of one that was put away cannot be given again either.
    """
    found: list[Problem] = []
    seen: set[str] = set()
    names = {known.name: known for known in fields.values()}
    for column, target in enumerate(choices.targets):
        identity = _identity(target)
        if (target.to in SINGLE or target.to.endswith("field")) and identity in seen:
            found.append(Problem("target_twice", column, target.name or target.key or target.to))
        elif target.to == "new_field":
            found += _of_new_field(target, column, names)
        else:
            found += _of_column(target, column, fields)
        seen.add(identity)
    if not any(target.to == "address" for target in choices.targets):
        found.append(Problem("no_address_column"))
    if choices.duplicates not in DUPLICATES or choices.tracking_tier not in TIERS:
        found.append(Problem("unknown_choice"))
    return found


def _identity(target: Target) -> str:
    """Return what two columns may not both be; a new field is known by its name."""
    if target.to == "new_field":
        return f"new_field:{target.name.strip()}"
    return f"{target.to}:{target.key or target.name or target.label}"


def _of_column(target: Target, column: int, fields: Mapping[str, KnownField]) -> list[Problem]:
    if target.to not in TARGETS:
        return [Problem("unknown_target", column, target.to)]
    known = fields.get(target.key)
    if target.to == "field" and (known is None or known.is_put_away):
        return [Problem("unknown_field", column, target.key)]
    if target.to == "label_flag" and not target.label.strip():
        return [Problem("label_missing", column)]
    return []


def _of_new_field(target: Target, column: int, names: Mapping[str, KnownField]) -> list[Problem]:
    name = target.name.strip()
    if not name or len(name) > FIELD_NAME_CHARS:
        return [Problem("field_name", column, name)]
    if target.kind not in NEW_KINDS:
        return [Problem("unknown_kind", column, target.kind)]
    known = names.get(name)
    if known is None:
        return []
    return [Problem("field_put_away" if known.is_put_away else "field_exists", column, name)]
