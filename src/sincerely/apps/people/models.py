"""Imports and exports: coarse work as rows with state and progress, claimed by the runner."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sincerely.apps.contacts.models import Contact


class WorkState(models.TextChoices):
    """Where coarse work is."""

    DRAFT = "draft", _("being prepared")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked")
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")


class RowProblem(models.TextChoices):
    """Why a row, or a part of it, was not taken."""

    NO_ADDRESS = "no_address", _("There is no e-mail address in this row.")
    BAD_ADDRESS = "bad_address", _("This is not a valid e-mail address.")
    TOO_FEW_CELLS = "too_few_cells", _("The row has fewer cells than the header.")
    TOO_MANY_CELLS = "too_many_cells", _("The row has more cells than the header.")
    STRAY_QUOTE = "stray_quote", _("A quotation mark stands where it cannot be understood.")
    CELL_TOO_LONG = "cell_too_long", _("A cell is too long.")
    ZERO_BYTE = "zero_byte", _("The row holds a zero byte.")
    BAD_ENCODING = "bad_encoding", _("The row holds bytes that are not characters.")
    DUPLICATE = "duplicate", _("The address stands in another row of the file, which was taken.")
    ERASED = "erased", _("This person was erased on request and is not stored again.")
    UNKNOWN_LABEL = "unknown_label", _("There is no label with exactly this name.")
    LABEL_REFUSED = "label_refused", _("The contact took this label off; it stays off.")
    LEFT_EARLIER = "left_earlier", _("Left earlier: stays opted out.")
    SUPPRESSED = "suppressed", _("The address is suppressed and stays so.")
    BAD_DATE = "bad_date", _("This is not a date we can read.")
    FUTURE_DATE = "future_date", _("This date lies in the future.")
    BAD_NUMBER = "bad_number", _("This is not a number.")
    BAD_BOOLEAN = "bad_boolean", _("This is neither yes nor no.")
    BAD_LANGUAGE = "bad_language", _("This is not a language we know.")
    BAD_TIME_ZONE = "bad_time_zone", _("This is not the name of a time zone.")
    UNKNOWN_CHOICE = "unknown_choice", _("This is not one of the field's choices.")
    TOO_LONG = "too_long", _("The text is too long and was cut or left out.")


class FileProblem(models.TextChoices):
    """Why a file was not taken at all."""

    EMPTY = "empty", _("The file is empty.")
    TOO_LARGE = "too_large", _("The file is larger than 2 GB.")
    TOO_MANY_COLUMNS = "too_many_columns", _("The file has more than 300 columns.")
    LINE_TOO_LONG = "line_too_long", _("A line is longer than a million characters.")
    UNREADABLE = "unreadable", _("Most rows cannot be read: this does not look like a table.")
    NOT_A_TABLE = "not_a_table", _("This is not a CSV, TSV or Excel (.xlsx) file.")
    ZIP_BOMB = "zip_bomb", _("The file unpacks to far more than a table of people would.")
    LOST = "lost", _("The uploaded file is no longer there.")


class Import(models.Model):
    """One file on its way in. `choices` holds what the member chose (rules/mapping.py).

    At `forgotten_at` its file and the rows that were left out were removed; the numbers stay.
    """

    kind = models.CharField(max_length=10, default="contacts")
    file_name = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()
    dialect = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    choices = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.DRAFT)
    row_count = models.PositiveIntegerField(null=True)
    position = models.BigIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)
    preview = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    fence = models.PositiveIntegerField(default=0)
    claimed_by = models.CharField(max_length=60, blank=True)
    member_id = models.BigIntegerField(null=True)
    api_key_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    touched_through_id = models.BigIntegerField(default=0)
    forgotten_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name


class ImportReject(models.Model):
    """A row that was not taken, or not wholly, with the reason."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE, db_index=False)
    row_number = models.PositiveIntegerField()
    is_whole_row = models.BooleanField(default=True)
    reason = models.CharField(max_length=60)
    detail = models.CharField(max_length=300, blank=True)
    raw = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["batch", "row_number"], name="reject_batch_row")]

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return str(dict(RowProblem.choices).get(self.reason, self.reason))


class ImportTouch(models.Model):
    """What an import did to a contact: created it (before is null), changed it, or left it ({})."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    before = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "contact"], name="one_touch")]


class Export(models.Model):
    """A dated snapshot of a list, segment or label as CSV, with its manifest.

    At `forgotten_at` its file was removed; the manifest stays.
    """

    name = models.CharField(max_length=200, default="")
    subject_kind = models.CharField(max_length=12)
    subject_id = models.BigIntegerField(null=True)
    rule = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.QUEUED)
    stored_as = models.CharField(max_length=80, blank=True)
    row_count = models.PositiveIntegerField(null=True)
    file_hash = models.CharField(max_length=64, blank=True)
    fence = models.PositiveIntegerField(default=0)
    claimed_by = models.CharField(max_length=60, blank=True)
    member_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    done_count = models.PositiveIntegerField(default=0)
    manifest = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    forgotten_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name or self.subject_kind
