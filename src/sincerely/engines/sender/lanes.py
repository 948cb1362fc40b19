"""Which lane serves a transport; a changed transport gets a new one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from sincerely.apps.sending.actions.transports import route_of, secret_of
from sincerely.apps.sending.models import Transport, TransportKind
from sincerely.engines.sender.lane import Lane, Shape
from sincerely.engines.sender.line import Hall
from sincerely.engines.sender.provider_lane import ProviderLane
from sincerely.engines.sender.record import Recorder
from sincerely.engines.sender.seats import Seats
from sincerely.wire.providers import Account

AnyLane = Lane | ProviderLane


class Lanes:
    """All lanes of this sender, by transport."""

    def __init__(
        self,
        recorder: Recorder,
        note: Callable[[int, str], None],
        *,
        seats: Seats,
        hungry: Callable[[], None],
    ) -> None:
        self._recorder = recorder
        self._seats = seats
        self._hungry = hungry
        self._note = note
        self._known: dict[int, tuple[tuple[object, ...], AnyLane]] = {}
        self._old: list[AnyLane] = []
        self._tls = ssl.create_default_context()

    def are_hungry(self, transport_id: int) -> bool:
        """Say whether mail for a transport is wanted; one without a lane wants some."""
        known = self._known.get(transport_id)
        return known is None or known[1].is_hungry

    def of(self, transport: Transport) -> AnyLane:
        """Return the lane of a transport, made at first use or after a change."""
        print_of = (
            transport.kind,
            transport.host,
            transport.port,
            transport.security,
            transport.user_name,
            bytes(transport.secret or b""),
            transport.provider,
            repr(transport.options),
            transport.connection_count,
            transport.per_connection_count,
        )
        known = self._known.get(transport.pk)
        if known is not None and known[0] == print_of:
            return known[1]
        if known is not None:
            self._old.append(known[1])
        lane = self._make(transport)
        self._known[transport.pk] = (print_of, lane)
        return lane

    async def stop(self) -> None:
        """Stop all lanes together."""
        lanes = [*self._old, *(lane for _, lane in self._known.values())]
        await asyncio.gather(*(lane.stop() for lane in lanes))

    def _make(self, transport: Transport) -> AnyLane:
        shape = Shape(max(1, transport.connection_count), max(1, transport.per_connection_count))

        def note(words: str) -> None:
            self._note(transport.pk, words)

        def seats() -> int:
            return self._seats.of(shape.connection_count)

        hall = Hall(self._recorder, seats=seats, hungry=self._hungry)
        if transport.kind == TransportKind.PROVIDER:
            account = Account(transport.provider, secret_of(transport), transport.options)
            return ProviderLane(account, shape, hall, note=note)
        return Lane(route_of(transport, self._tls), shape, hall, note=note)
