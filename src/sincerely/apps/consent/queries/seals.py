"""Reads of seals: what is not sealed yet, and whether the chain still holds."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Max

from sincerely.apps.consent.models import ConsentRecord, ConsentSeal
from sincerely.apps.consent.rules.seal import NO_SEAL, chain, merkle_root


def last_seal() -> ConsentSeal | None:
    """Return the newest seal, or None."""
    return ConsentSeal.objects.order_by("-last_id").first()


def newest_record_id() -> int:
    """Return the highest id of a consent record, 0 where there is none."""
    return int(ConsentRecord.objects.aggregate(newest=Max("pk"))["newest"] or 0)


def commitments(
    first_id: int, last_id: int, *, limit: int | None = None
) -> list[tuple[int, bytes]]:
    """Return id and commitment of the records in this span, in order of id."""
    rows = ConsentRecord.objects.filter(pk__gte=first_id, pk__lte=last_id).order_by("pk")
    pairs = rows.values_list("pk", "commitment")[:limit]
    return [(pk, bytes(commitment)) for pk, commitment in pairs]


def broken_seals() -> Iterator[int]:
    """Yield the ids of seals that no longer fit their records or their predecessor."""
    before = NO_SEAL
    for seal in ConsentSeal.objects.order_by("last_id").iterator(chunk_size=200):
        leaves = [c for _pk, c in commitments(seal.first_id, seal.last_id)]
        root = merkle_root(leaves) if leaves else b""
        expected = chain(
            before, root=bytes(seal.root), first_id=seal.first_id, last_id=seal.last_id
        )
        if root != bytes(seal.root) or expected != bytes(seal.chained):
            yield seal.pk
        before = bytes(seal.chained)
