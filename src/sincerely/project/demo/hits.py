"""Real HTTP requests to the tracker, each from a loopback address of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Hit:
    """One request: the URL as it stood in the mail, who asks from where."""

    url: str
    source: str
    browser: str
    method: str = "GET"


def send(hits: Sequence[Hit]) -> list[int]:
    """Make all requests, some dozens at a time, and return their statuses in order."""
    return asyncio.run(_send_all(hits))


async def _send_all(hits: Sequence[Hit]) -> list[int]:
    gate = asyncio.Semaphore(CONNECTIONS)

    async def one(hit: Hit) -> int:
        async with gate:
            return await _request(hit)

    return list(await asyncio.gather(*(one(hit) for hit in hits)))


async def _request(hit: Hit) -> int:
    parts = urlsplit(hit.url)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", parts.port, local_addr=(hit.source, 0)
    )
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    writer.write(
        f"{hit.method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: {hit.browser}\r\n"
        f"Accept: */*\r\nConnection: close\r\n\r\n".encode()
    )
    status = int((await reader.readline()).split()[1])
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return status
