"""A receiving server that breaks where it is told to, per recipient and per session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.engines.sending_world import Server

RECIPIENT, DATA, CONTENT, DOT = "recipient", "data", "content", "dot"
CLOSE, RESET, STALL = "close", "reset", "stall"


class Fault(NamedTuple):
    """At which moment of its mail a server breaks, and how: an answer, or one of the three."""

    moment: str
    act: str


class Gone(ConnectionError):
    """The session ends here."""


@dataclass
class BrokenServer(Server):
    """`faults` say what happens to a recipient, `greet` how a session begins."""

    faults: Callable[[str], Fault | None] = lambda _recipient: None
    greet: Callable[[int], str] = lambda _number: "220 hi"
    tried: list[str] = field(default_factory=list)
    session_count: int = 0

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.session_count += 1
        greeting = self.greet(self.session_count)
        writer.write(f"{greeting}\r\n".encode())
        recipient = ""
        with contextlib.suppress(Gone):
            while greeting.startswith("220") and (line := await reader.readline()):
                verb = line[:4].upper()
                if verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    return
                if verb == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                    self.tried.append(recipient)
                    is_taken = await self._answered(writer, recipient, RECIPIENT, "250 ok")
                    recipient = recipient if is_taken else ""
                elif verb == b"DATA":
                    await self._data(reader, writer, recipient)
                else:
                    self._greet_or_agree(writer, verb)

    def _greet_or_agree(self, writer: asyncio.StreamWriter, verb: bytes) -> None:
        lines = ["me", *self.features] if verb == b"EHLO" else ["ok"]
        said = "".join(f"250-{x}\r\n" for x in lines[:-1]) + f"250 {lines[-1]}\r\n"
        writer.write(said.encode())

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str
    ) -> None:
        if not recipient:
            writer.write(b"503 nobody\r\n")
            return
        if not await self._answered(writer, recipient, DATA, "354 go"):
            return
        first = await reader.readline()
        self.content_began.append(recipient)
        await self._answered(writer, recipient, CONTENT, "")
        rest = b"" if first == b".\r\n" else await reader.readuntil(b"\r\n.\r\n")
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if await self._answered(writer, recipient, DOT, "250 ok"):
            self.kept.append((recipient, first + rest[:-3]))

    async def _answered(
        self, writer: asyncio.StreamWriter, recipient: str, moment: str, usual: str
    ) -> bool:
        """Answer as usual and return True, or break as this recipient's fault says."""
        fault = self.faults(recipient)
        if fault is None or fault.moment != moment:
            if usual:
                writer.write(f"{usual}\r\n".encode())
            return True
        if fault.act == STALL:
            await asyncio.sleep(3_600)
        if fault.act == RESET:
            writer.transport.abort()
        if fault.act in (CLOSE, RESET):
            raise Gone
        writer.write(f"{fault.act}\r\n".encode())
        if fault.act.startswith("421"):
            raise Gone
        return False
