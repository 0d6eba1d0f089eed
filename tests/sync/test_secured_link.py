"""TLS, client certificates and passwords against a real Mosquitto."""

import datetime as dt
import ipaddress
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.events import VisitStarted
from sync.journal import Journal
from sync.link import Link, LinkOptions
from sync.mqtt import Broker, Tls
from tests.sync.broker_fixtures import QUICK, Mosquitto, Statuses, running, until

pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(60)]

Opener = Callable[..., Awaitable[Journal]]
VISIT = VisitStarted(visit="v1", counter="quay-01")
NOW = dt.datetime.now(dt.UTC)


@dataclass
class Authority:
    """A certificate authority of the test's own."""

    directory: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self._build("test authority", self._key, is_authority=True)
        (self.directory / "ca.crt").write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (self.directory / f"{name}.crt").write_bytes(self._build(name, key, is_authority=False).public_bytes(pem))
        (self.directory / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))

    def _build(self, name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if is_authority else self.cert.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=1))
            .not_valid_after(NOW + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
        )
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    directory = tmp_path / "ca"
    directory.mkdir()
    made = Authority(directory)
    made.issue("server")
    made.issue("quay-01")
    return made


def tls_lines(directory: Path) -> list[str]:
    return [f"cafile {directory}/ca.crt", f"certfile {directory}/server.crt", f"keyfile {directory}/server.key"]


async def test_a_client_certificate_over_tls_delivers(
    open_journal: Opener, make_mosquitto: Callable[..., Mosquitto], authority: Authority
) -> None:
    directory = authority.directory
    acl = "pattern readwrite motcua/v1/+/%u/#\n"
    server = make_mosquitto(
        *tls_lines(directory),
        "require_certificate true",
        "use_identity_as_username true",
        "acl_file {dir}/acl",
        files={"acl": acl},
    )
    tls = Tls(directory / "ca.crt", directory / "quay-01.crt", directory / "quay-01.key")
    journal = await open_journal()
    await journal.record(*[VISIT] * 300)
    async with running(Link(journal, replace(server.broker, tls=tls), LinkOptions(pace=QUICK))):
        await until(lambda: journal.marks.broker >= 300)


async def test_tls_to_an_unknown_authority_is_no_connection(
    open_journal: Opener, make_mosquitto: Callable[..., Mosquitto], authority: Authority
) -> None:
    server = make_mosquitto(*tls_lines(authority.directory), "allow_anonymous true")
    journal = await open_journal()
    statuses = Statuses()
    async with running(Link(journal, replace(server.broker, tls=Tls()), LinkOptions(pace=QUICK), statuses)):
        await until(lambda: statuses.states == ["lost"])
    assert "CERTIFICATE_VERIFY_FAILED" in statuses.told[0].why


def make_password_file(path: Path) -> None:
    binary = shutil.which("mosquitto_passwd")
    assert binary, "mosquitto_passwd comes with Debian's mosquitto"
    subprocess.run([binary, "-b", "-c", str(path), "quay-01", "quay"], check=True)


@pytest.mark.parametrize(("password", "state"), [("quay\n", "connected"), ("wrong\n", "refused")])
async def test_the_password_comes_from_a_file(
    open_journal: Opener, make_mosquitto: Callable[..., Mosquitto], tmp_path: Path, password: str, state: str
) -> None:
    (tmp_path / "password").write_text(password)
    make_password_file(tmp_path / "passwd")
    server = make_mosquitto("allow_anonymous false", f"password_file {tmp_path}/passwd")
    broker = Broker("127.0.0.1", server.port, username="quay-01", password_file=tmp_path / "password")
    statuses = Statuses()
    async with running(Link(await open_journal(), broker, LinkOptions(pace=QUICK), statuses)):
        await until(lambda: bool(statuses.told))
    assert statuses.states == [state]


async def test_a_missing_password_file_is_a_lost_line_that_says_why(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    broker = Broker("127.0.0.1", mosquitto.port, username="quay-01", password_file=tmp_path / "nowhere")
    statuses = Statuses()
    async with running(Link(await open_journal(), broker, LinkOptions(pace=QUICK), statuses)):
        await until(lambda: bool(statuses.told))
    assert "nowhere" in statuses.told[0].why
