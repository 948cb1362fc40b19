"""Encrypted sessions with a real server: trusted or refused, and a login inside."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sincerely.wire.smtp.client import ConnectionFailed
from sincerely.wire.smtp.replies import Outcome
from sincerely.wire.smtp.session import Route, open_connection

pytestmark = pytest.mark.filterwarnings("ignore:Session.login_data", "ignore:Requiring AUTH")
MAIL = b"Subject: x\r\n\r\nend\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=3650))
        .not_valid_after(at + timedelta(days=3650))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


class _Keeper:
    """aiosmtpd's side: keeps what arrives, and whether it came encrypted."""

    def __init__(self) -> None:
        self.kept: list[bool] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.kept.append(server.transport.get_extra_info("cipher") is not None)
        return "250 OK"


def _login(*arguments: object) -> AuthResult:
    good = arguments[-1] == LoginPassword(b"ann", b"secret")
    return AuthResult(success=good, handled=False)


@contextmanager
def server(certificate: Path, security: str) -> Iterator[tuple[int, _Keeper]]:
    """A server that takes a login, and mail, only inside TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keeper = _Keeper()
    inside = {"tls_context": context, "require_starttls": True}
    controller = Controller(
        keeper,
        hostname="127.0.0.1",
        port=port,
        authenticator=_login,
        auth_required=True,
        auth_require_tls=security == "starttls",
        ssl_context=context if security == "tls" else None,
        **(inside if security == "starttls" else {}),
    )
    controller.start()
    try:
        yield port, keeper
    finally:
        controller.stop()


def _send(route: Route) -> Outcome:
    async def send() -> Outcome:
        connection = await open_connection(route)
        step = connection.announce("from@example.com", "to@example.com")
        if await step.ready:
            connection.deliver(step, MAIL)
        outcome = await step.outcome
        await connection.quit()
        return outcome

    return asyncio.run(send())


def _trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_and_login_go_inside_tls(certificate: Path, security: str) -> None:
    with server(certificate, security) as (port, keeper):
        route = Route("127.0.0.1", port, security, "ann", "secret", tls=_trusting(certificate))
        assert _send(route).is_accepted
    assert keeper.kept == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_trusts_ends_the_session(
    certificate: Path, security: str
) -> None:
    with server(certificate, security) as (port, keeper):
        with pytest.raises(ConnectionFailed, match="certificate is not trusted"):
            _send(Route("127.0.0.1", port, security, "ann", "secret"))
        other = Route("localhost", port, security, "ann", "secret", tls=_trusting(certificate))
        with pytest.raises(ConnectionFailed, match="certificate is not trusted"):
            _send(other)
    assert keeper.kept == []


def test_a_wrong_password_inside_tls_is_named(certificate: Path) -> None:
    with server(certificate, "starttls") as (port, keeper):
        route = Route("127.0.0.1", port, "starttls", "ann", "bad", tls=_trusting(certificate))
        with pytest.raises(ConnectionFailed, match="user name or password"):
            _send(route)
    assert keeper.kept == []
