"""SMTP replies: the parser of the stream, and what became of one hand-over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

LONGEST_REPLY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, its lines joined by a space."""

    code: int
    text: str

    @property
    def is_positive(self) -> bool:
        """2xx, or 3xx where the server waits for more."""
        return 200 <= self.code < 400


class ProtocolBroken(Exception):
    """The other side does not speak SMTP."""


@dataclass(slots=True)
class ReplyReader:
    """Cuts the stream into replies; keeps what is unfinished."""

    _rest: bytes = b""
    _lines: list[str] = field(default_factory=list)

    def feed(self, chunk: bytes) -> list[Reply]:
        """Return the replies that became complete; raises ProtocolBroken."""
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_REPLY_BYTES or len(self._lines) > 1_000:
            raise ProtocolBroken("The reply does not end.")
        return [reply for line in complete if (reply := self._line(line)) is not None]

    def _line(self, line: bytes) -> Reply | None:
        if not self._lines and line[3:4] != b"-":
            return _single_line(line)
        code, is_last, text = _parsed(line)
        self._lines.append(text)
        if not is_last:
            return None
        reply = Reply(code, " ".join(self._lines))
        self._lines = []
        return reply


@lru_cache(maxsize=256)
def _single_line(line: bytes) -> Reply:
    """Return the reply of one line: a server says the same few, thousands of times a second."""
    code, _, text = _parsed(line)
    return Reply(code, text)


def _parsed(line: bytes) -> tuple[int, bool, str]:
    line = line.rstrip(b"\r")
    if len(line) < 3 or not line[:3].isdigit():
        raise ProtocolBroken(f"Not a reply: {line[:80]!r}")
    return int(line[:3]), line[3:4] != b"-", line[4:].decode("utf-8", "replace")


class Stage(StrEnum):
    """How far a hand-over had come when it was decided."""

    CONNECT = "connect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the server said last about one message.

    `reply` is None where the connection was lost. `is_unknown`: content went out but no answer to
    its end came back, so nobody can know. `at`: when it was heard, where somebody noted that.
    """

    stage: Stage
    reply: Reply | None
    is_unknown: bool = False
    at: datetime | None = field(default=None, compare=False)

    @property
    def is_accepted(self) -> bool:
        """The server took responsibility."""
        return (
            self.stage is Stage.CONTENT and self.reply is not None and 200 <= self.reply.code < 300
        )
