"""What the network does to pip is told: its last word, that there is no such package, is not why a pull fails."""

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from models.fetch import FileSet, Manifest, ModelFile, NoSource, pull
from models.manifest import PypiSource

PACKAGE = "motcua-test-parcel==1.0"
NOT_FOUND = f"ERROR: No matching distribution found for {PACKAGE}"
WANTED = Manifest(
    Path("manifest.toml"),
    (ModelFile("a.bin", "1", FileSet.DEFAULT, "a test", "MIT", 9, "0" * 64, (PypiSource(PACKAGE, "a.bin"),)),),
)
RETRYING = (
    "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by '{}': /simple/motcua-test-parcel/"
)


def refusal(folder: Path) -> str:
    with pytest.raises(NoSource) as caught:
        pull("default", folder, manifest=WANTED)
    return str(caught.value)


@pytest.mark.parametrize(
    ("met", "told"),
    [
        (
            """NameResolutionError("HTTPSConnection(host='shop.invalid', port=443): Failed to resolve 'shop.invalid' ([Errno -2] Name or service not known)")""",
            "Failed to resolve 'shop.invalid' (Name or service not known)",
        ),
        (
            """NewConnectionError("HTTPSConnection(host='10.0.0.1', port=3128): Failed to establish a new connection: [Errno 111] Connection refused")""",
            "Failed to establish a new connection: Connection refused",
        ),
        (
            """OSError("Tunnel connection failed: 407 Proxy Authentication Required")""",
            "Tunnel connection failed: 407 Proxy Authentication Required",
        ),
        (
            """ReadTimeoutError("HTTPSConnectionPool(host='10.0.0.1', port=443): Read timed out. (read timeout=15.0)")""",
            "Read timed out. (read timeout=15.0)",
        ),
        (
            """SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:1006)'))""",
            "certificate verify failed: certificate is not yet valid",
        ),
    ],
)
def test_what_pip_says_in_passing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, met: str, told: str) -> None:
    (said := tmp_path / "said").write_text("\n".join([RETRYING.format(met), NOT_FOUND, ""]))
    pip = tmp_path / "python"
    pip.write_text(f"#!/bin/sh\ncat '{said}' >&2\nexit 1\n")
    pip.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(pip))
    message = refusal(tmp_path / "cache")
    assert f"  tried pypi {PACKAGE}: {NOT_FOUND}; the network: {told}\n" in message
    assert ("the clock of this device" in message) is ("certificate" in told)


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """A server with a certificate that nobody knows; yields its address."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now, hour = datetime.now(UTC), timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - hour).not_valid_after(now + hour).sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "shop.pem").write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "shop.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield f"https://localhost:{server.server_port}/simple"
        server.shutdown()
        serving.join()


@pytest.mark.enable_socket
def test_a_certificate_that_the_real_pip_refuses_asks_for_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_INDEX", "FIND_LINKS", "EXTRA_INDEX_URL", "TRUSTED_HOST"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    with shop(tmp_path) as address:
        for name, value in (("CONFIG_FILE", "/dev/null"), ("INDEX_URL", address), ("RETRIES", "0")):
            monkeypatch.setenv(f"PIP_{name}", value)
        message = refusal(tmp_path / "cache")
    assert f"{NOT_FOUND}; the network: certificate verify failed: self-signed certificate\n" in message
    assert f"the clock of this device is right, it says {datetime.now(UTC):%Y-%m-%d}" in message
    assert address not in message
