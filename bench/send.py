"""The full send path against `smtp-source` in the same run: read, write, gate, hand over, record.

    python -m bench.send [COUNT] [--postgres] [--dkim] [--planned N]

Sends COUNT (default 20,000) personalised MJML mails of 15 KB with 15 tracked links from the message
table of a fresh installation to Debian's `smtp-sink` over ten connections, by the sender as it is
run in production: a process of its own. `--postgres` starts a throw-away cluster (durable commits),
`--dkim` signs each mail with RSA-2048 and takes `openssl speed` as the reference, `--planned` plans
that many messages and stops after COUNT, to read the sender's memory at that size. The rate counts
from the first outcome stored to the last; the reference is `smtp-source` with one fixed mail of the
same size over as many connections.
"""

# ruff: noqa: PLC0415 -- Django is imported after its settings are named

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.cluster import durable_cluster

CONNECTIONS = 10
MOST_PLANNED_SLOWLY = 200_000
MEMORY_MARK_MB = 300
LINK_COUNT = 15
WORDS = "Dear {{ contact.first_name | default: 'friend' }}, " + "we thought of you, näturlich. " * 4
TICK = os.sysconf("SC_CLK_TCK")
PATH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


@dataclass(frozen=True)
class Measured:
    """What one run of the sender showed."""

    sent_count: int
    seconds: float
    cpu_microseconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        """Messages a second, each outcome stored."""
        return self.sent_count / self.seconds


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.send")
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--dkim", action="store_true")
    parser.add_argument("--planned", type=int, default=0)
    return parser.parse_args()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def source() -> str:
    """A mail of some 15 KB on the wire, with 15 links."""
    texts = "".join(
        f'<mj-text><a href="https://shop.example/offer/{n}">Offer {n}</a> {WORDS}</mj-text>'
        for n in range(LINK_COUNT)
    )
    return (
        f"<mjml><mj-body><mj-section><mj-column>{texts}</mj-column></mj-section></mj-body></mjml>"
    )


def prepare(count: int, port: int, *, is_signed: bool) -> tuple[int, bytes]:
    """Contacts, permissions, a mailing with its plan; returns the mailing and one mail's bytes."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from bench.audience import fill
    from tests.apps.sending import people
    from tests.cast import make_cast

    from sincerely.apps.content.actions import freeze
    from sincerely.apps.content.models import Content
    from sincerely.apps.sending.models import Dispatch, Hold, Transport

    now = datetime.now(UTC)
    cast = make_cast(now)
    kind = people.marketing(now)
    fill(count, now=now, kind_id=kind.pk)
    transport = Transport.objects.create(
        name="sink",
        kind="smtp",
        host="127.0.0.1",
        port=port,
        security="none",
        connection_count=CONNECTIONS,
        per_connection_count=100_000,
        options={"sign": is_signed},
        created_at=now,
    )
    dispatch = people.add_dispatch(cast, now=now, kind=kind, transport_id=transport.pk)
    Hold.objects.update(lifted_at=now)
    content = Content.objects.create(
        name="bench",
        brand=cast.brand,
        mode="mjml",
        source=source(),
        subject="{{ contact.first_name }}, news",
        created_at=now,
        changed_at=now,
    )
    version = freeze(content.pk, mailing_id=dispatch.pk, now=now)
    plan(dispatch.pk, version.pk, count, now=now)
    Dispatch.objects.filter(pk=dispatch.pk).update(state="open")
    return dispatch.pk, sample(dispatch.pk, version.pk)


def plan(mailing_id: int, version_id: int, count: int, *, now: datetime) -> None:
    """Plan a mailing to everybody, as the product does or, where there are many, at once."""
    from bench.audience import plan_at_once
    from tests.apps.sending import people

    from sincerely.apps.sending.actions import plan_slice

    if count > MOST_PLANNED_SLOWLY:
        plan_at_once(mailing_id, version_id, now=now)
        return
    while not plan_slice(
        mailing_id, people.EVERYBODY, version_id=version_id, due_at=now, now=now, limit=50_000
    ).is_done:
        pass


def sample(mailing_id: int, version_id: int) -> bytes:
    """One mail as it will leave."""
    from django.conf import settings

    from sincerely.apps.content.models import ContentVersion
    from sincerely.apps.content.rules.compiled import Compiled
    from sincerely.apps.sending.letters import Address, Press
    from sincerely.apps.sending.queries.dispatches import dispatch_of
    from sincerely.apps.sending.queries.letterheads import letterhead_of

    dispatch = dispatch_of(mailing_id)
    assert dispatch is not None
    compiled = Compiled.from_json(ContentVersion.objects.get(pk=version_id).compiled)
    assert len(compiled.links) == LINK_COUNT
    press = Press(compiled, letterhead_of(dispatch), settings.TOKEN_KEY)
    to = Address(1, mailing_id, b"123456", "person1@example.com")
    person = {"first_name": "Name1"}
    return press.write(to, person, shown=frozenset(), now=datetime.now(UTC)).mail()


def recorded() -> int:
    """How many outcomes are stored: no look at more than one row of an index."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM sending_attempt")
        return int(cursor.fetchone()[0])


def send(count: int) -> Measured:
    """Run the sender's process until that many outcomes are stored."""
    command = [sys.executable, "-m", *sender_module(), "engine", "sender"]
    process = subprocess.Popen(command)
    try:
        while not (first := recorded()):
            assert process.poll() is None, "the sender ended"
            time.sleep(0.005)
        started, before = time.monotonic(), used_ticks(process.pid)
        while (done := recorded()) < count:
            assert process.poll() is None, "the sender ended"
            time.sleep(0.02)
        seconds = time.monotonic() - started
        ticks = used_ticks(process.pid) - before
        peak = peak_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    sent = done - first
    return Measured(sent, seconds, ticks / TICK / sent * 1e6, peak)


def sender_module() -> list[str]:
    """The product's own command; another module (a profiler around it) by environment."""
    return os.environ.get("BENCH_SENDER", "sincerely.cli").split()


def family(pid: int) -> list[int]:
    """A process and its children's children, whichever of its threads started them."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [one for task in tasks for one in (task / "children").read_text().split()]
    return [pid, *(one for child in children for one in family(int(child)))]


def used_ticks(pid: int) -> int:
    """Processor time of the sender's processes, all threads."""
    fields = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2] for one in family(pid)]
    return sum(int(text.split()[11]) + int(text.split()[12]) for text in fields)


def peak_mb(pid: int) -> float:
    """The most memory that the sender's processes ever held, added up."""
    peaks = [
        re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{one}/status").read_text())
        for one in family(pid)
    ]
    return sum(int(peak[1]) for peak in peaks if peak) / 1024


def smtp_source(raw: bytes, count: int, port: int) -> tuple[float, float]:
    """smtp-source with one fixed mail over as many connections: messages/s, its CPU us per mail."""
    with tempfile.NamedTemporaryFile() as mail:
        mail.write(raw.replace(b"\r\n", b"\n"))
        mail.flush()
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [
                *("smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(count)),
                *("-F", mail.name, "-f", "a@shop.example", "-t", "b@example.com"),
                f"127.0.0.1:{port}",
            ],
            check=True,
            env=os.environ | {"PATH": PATH},
        )
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        return count / (time.monotonic() - started), spent / count * 1e6


def openssl_rate() -> float:
    """RSA-2048 signatures a second on one core, as OpenSSL itself says."""
    said = subprocess.run(
        ["openssl", "speed", "-seconds", "3", "rsa2048"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    fields = next(line for line in said.splitlines() if line.startswith("rsa 2048")).split()
    return float(fields[5])


def sink_command(port: int) -> list[str]:
    sink = shutil.which("smtp-sink", path=PATH)
    if sink is None:
        sys.exit("smtp-sink and smtp-source are needed: Debian's postfix package has them.")
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    return [sink, *user, f"127.0.0.1:{port}", "1000"]


def report(asked: argparse.Namespace, measured: Measured, raw: bytes, *, port: int) -> None:
    """Measure the reference and say it all."""
    size = f"{len(raw) / 1024:.1f} KB mails"
    print(
        f"sender: {measured.rate:,.0f} msg/s, {measured.cpu_microseconds:,.0f} us CPU per mail,"
        f" peak {measured.peak_mb:,.0f} MB; {size}"
    )
    source_rate, source_cpu = smtp_source(raw, measured.sent_count, port)
    print(
        f"smtp-source: {source_rate:,.0f} msg/s, {source_cpu:,.0f} us CPU per mail;"
        f" ratio {measured.rate / source_rate:.2f}"
    )
    name, reference = "send", source_rate
    mark: float | None = 0.5 if asked.postgres else 0.65
    kept = {}
    if asked.planned:
        name, mark = "send, of many planned", None
        kept = {"reached": "yes" if measured.peak_mb <= MEMORY_MARK_MB else "no: memory"}
    if asked.dkim:
        name, mark, reference = "send with DKIM", 0.7, openssl_rate()
        print(f"openssl: {reference:,.0f} sign/s; ratio {measured.rate / reference:.2f}")
    result = {
        "path": name,
        "database": "PostgreSQL" if asked.postgres else "SQLite",
        "measured": round(measured.rate),
        "unit": "msg/s",
        "reference": round(reference),
        "ratio": round(measured.rate / reference, 3),
        "mark": mark,
        "sent_count": measured.sent_count,
        "planned_count": asked.planned or asked.count,
        "message_bytes": len(raw),
        "cpu_us": round(measured.cpu_microseconds),
        "reference_cpu_us": round(source_cpu),
        "memory_mb": round(measured.peak_mb),
        **kept,
    }
    print(f"RESULT {json.dumps(result)}")


def main() -> int:
    asked = options()
    home = tempfile.mkdtemp(prefix="bench-send-")
    os.environ |= {"SINCERELY_HOME": home, "DJANGO_SETTINGS_MODULE": "sincerely.project.settings"}
    os.environ["SINCERELY_LOG_LEVEL"] = "WARNING"
    port = free_port()
    with ExitStack() as open_things:
        open_things.callback(shutil.rmtree, home, ignore_errors=True)
        if asked.postgres:
            os.environ["DATABASE_URL"] = open_things.enter_context(durable_cluster())
        import django

        django.setup()
        sink = subprocess.Popen(sink_command(port))
        open_things.callback(sink.wait)
        open_things.callback(sink.terminate)
        _, raw = prepare(max(asked.count, asked.planned), port, is_signed=asked.dkim)
        report(asked, send(asked.count), raw, port=port)
        from django.db import connection

        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
