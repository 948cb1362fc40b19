"""The full send path against `smtp-source` in the same run: read, write, gate, hand over, record.

`python -m bench.send [COUNT] [--dkim]` (default 10,000) sends COUNT personalised mails from the
message table of a fresh SQLite installation to Debian's `smtp-sink` over ten connections and prints
messages a second, and the ratio to `smtp-source` with one fixed mail of the same size. Without
postfix' tools it sends into the product's own test mailbox and prints no ratio.
"""

# ruff: noqa: PLC0415 -- Django is imported after its settings are named

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime

CONNECTIONS = 10
PARAGRAPH = "Dear {{ contact.first_name | default: 'friend' }}, " + "we thought of you. " * 18


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def source() -> str:
    """A mail of some 15 KB with 15 links."""
    links = "".join(
        f'<mj-text><a href="https://shop.example/offer/{n}">Offer {n}</a> {PARAGRAPH}</mj-text>'
        for n in range(15)
    )
    return (
        f"<mjml><mj-body><mj-section><mj-column>{links}</mj-column></mj-section></mj-body></mjml>"
    )


def prepare(count: int, port: int) -> tuple[int, bytes]:
    """Contacts, permissions, a mailing with its plan; returns the mailing and one mail's bytes."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests.apps.sending import people
    from tests.cast import make_cast

    from sincerely.apps.content.actions import freeze
    from sincerely.apps.content.models import Content
    from sincerely.apps.sending.actions import plan_slice
    from sincerely.apps.sending.models import Dispatch, Hold, Transport

    now = datetime.now(UTC)
    cast = make_cast(now)
    kind = people.marketing(now)
    fill(count, now, kind)
    transport = Transport.objects.create(
        name="sink",
        kind="smtp",
        host="127.0.0.1",
        port=port,
        security="none",
        connection_count=CONNECTIONS,
        per_connection_count=100_000,
        options={"sign": "--dkim" in sys.argv},
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
    started = time.monotonic()
    while not plan_slice(
        dispatch.pk, people.EVERYBODY, version_id=version.pk, due_at=now, now=now, limit=50_000
    ).is_done:
        pass
    print(f"plan: {count / (time.monotonic() - started):,.0f} rows/s")
    Dispatch.objects.filter(pk=dispatch.pk).update(state="open")
    return dispatch.pk, sample(dispatch.pk, version.pk)


def fill(count: int, now: datetime, kind: object) -> None:
    """Mailable contacts, set-based where the ORM would take minutes."""
    from django.db import transaction
    from tests.apps.sending import people

    with transaction.atomic():
        people.opted_in(count, now=now, kind=kind)  # type: ignore[arg-type]


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
    press = Press(compiled, letterhead_of(dispatch), settings.TOKEN_KEY)
    to = Address(1, mailing_id, b"123456", "person1@example.com")
    person = {"first_name": "Name1"}
    return press.write(to, person, shown=frozenset(), now=datetime.now(UTC)).mail()


def send(mailing_id: int, count: int) -> float:
    """Run the sender until all is recorded; returns messages a second."""
    from sincerely.apps.sending.models import Message
    from sincerely.apps.sending.queries.dispatches import OPEN_STATES
    from sincerely.engines.sender import main

    stop = threading.Event()

    def watch() -> None:
        while Message.objects.filter(mailing_id=mailing_id, state__in=OPEN_STATES).exists():
            time.sleep(0.05)
        stop.set()

    watcher = threading.Thread(target=watch)
    started = time.monotonic()
    watcher.start()
    before = time.process_time()
    main.run(stop)
    took = time.monotonic() - started
    print(f"sender CPU: {(time.process_time() - before) / count * 1e6:,.0f} us per mail")
    return count / took


def reference(raw: bytes, count: int, port: int) -> float:
    """smtp-source with one fixed mail over as many connections."""
    with tempfile.NamedTemporaryFile() as mail:
        mail.write(raw.replace(b"\r\n", b"\n"))
        mail.flush()
        started = time.monotonic()
        subprocess.run(
            [
                *("smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(count)),
                *("-F", mail.name, "-f", "a@shop.example", "-t", "b@example.com"),
                f"127.0.0.1:{port}",
            ],
            check=True,
        )
        return count / (time.monotonic() - started)


def sink_command(sink_path: str | None, port: int) -> list[str]:
    """smtp-sink where there is one, else the product's own mailbox."""
    if sink_path:
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        return [sink_path, *user, f"127.0.0.1:{port}", "1000"]
    os.environ["SINCERELY_MAILBOX"] = f"127.0.0.1:{port}"
    return [sys.executable, "-m", "sincerely.cli", "engine", "mailbox"]


def main() -> int:
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    count = int(numbers[0]) if numbers else 10_000
    home = tempfile.mkdtemp(prefix="bench-send-")
    os.environ |= {"SINCERELY_HOME": home, "DJANGO_SETTINGS_MODULE": "sincerely.project.settings"}
    os.environ["SINCERELY_LOG_LEVEL"] = "WARNING"
    import django

    django.setup()
    port = free_port()
    sink_path = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    sink = subprocess.Popen(sink_command(sink_path, port))
    try:
        mailing_id, raw = prepare(count, port)
        print(f"mail: {len(raw):,} bytes; {'smtp-sink' if sink_path else 'own test mailbox'}")
        rate = send(mailing_id, count)
        print(f"sender: {rate:,.0f} msg/s")
        if sink_path:
            base = reference(raw, count, port)
            print(f"smtp-source: {base:,.0f} msg/s; ratio {rate / base:.2f}")
    finally:
        sink.terminate()
        sink.wait()
        shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
