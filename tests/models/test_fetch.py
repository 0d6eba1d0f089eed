"""Pull, verify and locate on a mirror directory: no network, every way a pull can be cut short."""

import hashlib
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from threading import Timer
from typing import BinaryIO

import pytest

from models.cache import LOCK_POLL_S, Cache
from models.download import Download
from models.fetch import (
    CacheUnusable,
    DiskFull,
    FileSet,
    Manifest,
    MissingModel,
    ModelFile,
    NoSource,
    PullBusy,
    PullIncomplete,
    PullOutcome,
    VerifyState,
    WrongHash,
    default_directory,
    locate,
    pull,
    verify,
)
from models.manifest import UrlSource
from models.sources import SourceFailed

BODY = bytes(range(256)) * 40
NOWHERE = UrlSource(
    "http://127.0.0.1:9/nothing"
)  # never reached: a mirror comes first, or sockets are shut in these tests


def model_of(body: bytes = BODY, name: str = "a.bin") -> ModelFile:
    digest = hashlib.sha256(body).hexdigest()
    return ModelFile(name, "1", FileSet.DEFAULT, "a test", "MIT", len(body), digest, (NOWHERE,))


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return Manifest(tmp_path / "manifest.toml", (model_of(),))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    path = tmp_path / "mirror"
    path.mkdir()
    (path / "a.bin").write_bytes(BODY)
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of the test manifest answers "gone" at once."""

    def gone(self: object) -> None:
        raise SourceFailed("gone")

    monkeypatch.setattr(Download, "run", gone)


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / ".part").iterdir())


def test_a_file_comes_from_the_mirror_first(manifest: Manifest, mirror: Path, cache: Path) -> None:
    (result,) = pull("default", cache, mirror, manifest=manifest)

    assert (result.outcome, result.source, result.tried) == (PullOutcome.FETCHED, f"mirror {mirror}", ())
    assert result.path.read_bytes() == BODY
    assert leftovers(cache) == []


def test_what_is_there_is_kept(manifest: Manifest, mirror: Path, cache: Path) -> None:
    pull("default", cache, mirror, manifest=manifest)

    (again,) = pull("default", cache, None, manifest=manifest)

    assert again.outcome is PullOutcome.KEPT


def test_a_copied_directory_needs_no_stamps(manifest: Manifest, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "a.bin").write_bytes(BODY)

    assert pull("default", cache, manifest=manifest)[0].outcome is PullOutcome.KEPT


def test_without_a_source_the_error_names_the_file_what_was_tried_and_what_to_do(
    manifest: Manifest, tmp_path: Path, cache: Path
) -> None:
    with pytest.raises(NoSource) as caught:
        pull("default", cache, tmp_path / "empty", manifest=manifest)

    for part in ("a.bin", f"mirror {tmp_path / 'empty'}: No such file", f"{NOWHERE}: gone", "MOTCUA_MODELS"):
        assert part in str(caught.value)


def test_what_is_not_needed_and_nowhere_to_be_had_is_left_out(cache: Path, mirror: Path, tmp_path: Path) -> None:
    spare = replace(model_of(b"spare", "spare.bin"), needed=False)
    here, left_out = pull("default", cache, mirror, manifest=Manifest(tmp_path / "m.toml", (model_of(), spare)))

    assert (here.outcome, left_out.outcome) == (PullOutcome.FETCHED, PullOutcome.LEFT_OUT)
    assert "spare.bin: no source gave the file" in str(left_out.why)
    assert not left_out.path.exists()


def test_what_is_not_needed_is_refused_all_the_same_when_it_is_another_file(
    cache: Path, mirror: Path, tmp_path: Path
) -> None:
    (mirror / "spare.bin").write_bytes(b"forged")
    spare = replace(model_of(b"spare!", "spare.bin"), needed=False)
    with pytest.raises(WrongHash):
        pull("default", cache, mirror, manifest=Manifest(tmp_path / "m.toml", (spare,)))


def test_a_wrong_mirror_is_refused_and_leaves_nothing(manifest: Manifest, mirror: Path, cache: Path) -> None:
    (mirror / "a.bin").write_bytes(BODY[::-1])

    with pytest.raises(WrongHash, match=r"a\.bin: what came is not the pinned file"):
        pull("default", cache, mirror, manifest=manifest)

    assert not (cache / "a.bin").exists()
    assert leftovers(cache) == []


def test_a_longer_file_is_wrong_before_it_is_whole(manifest: Manifest, mirror: Path, cache: Path) -> None:
    (mirror / "a.bin").write_bytes(BODY * 1000)

    with pytest.raises(WrongHash, match="larger than"):
        pull("default", cache, mirror, manifest=manifest)


def test_a_spoilt_file_is_found_and_replaced(manifest: Manifest, mirror: Path, cache: Path) -> None:
    pull("default", cache, mirror, manifest=manifest)
    (cache / "a.bin").write_bytes(BODY[:-1])

    assert verify(cache, manifest=manifest)[0].state is VerifyState.WRONG
    with pytest.raises(WrongHash, match="motcua models pull"):
        locate("a.bin", cache, manifest=manifest)
    assert pull("default", cache, mirror, manifest=manifest)[0].outcome is PullOutcome.FETCHED
    assert verify(cache, manifest=manifest)[0].state is VerifyState.OK


def test_verify_looks_into_the_mirror_for_what_was_not_pulled(manifest: Manifest, mirror: Path, cache: Path) -> None:
    """A device may live from it: `locate` takes the file from there."""
    (found,) = verify(cache, "all", mirror, manifest=manifest)
    assert (found.state, found.path) == (VerifyState.OK, mirror / "a.bin")
    assert found.path == locate("a.bin", cache, mirror, manifest=manifest)

    (mirror / "a.bin").write_bytes(BODY[::-1])
    assert verify(cache, "all", mirror, manifest=manifest)[0].state is VerifyState.WRONG
    (mirror / "a.bin").unlink()
    (missing,) = verify(cache, "all", mirror, manifest=manifest)
    assert (missing.state, missing.path) == (VerifyState.MISSING, cache / "a.bin")


def test_verify_hashes_even_when_the_stamp_is_fooled(manifest: Manifest, mirror: Path, cache: Path) -> None:
    path = pull("default", cache, mirror, manifest=manifest)[0].path
    before = path.stat()
    path.write_bytes(BODY[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert locate("a.bin", cache, manifest=manifest) == path

    assert verify(cache, manifest=manifest)[0].state is VerifyState.WRONG
    with pytest.raises(WrongHash):
        locate("a.bin", cache, manifest=manifest)


def test_verify_reports_what_was_never_pulled(manifest: Manifest, cache: Path) -> None:
    (result,) = verify(cache, manifest=manifest)

    assert (result.state, result.found_sha256) == (VerifyState.MISSING, None)


def test_a_missing_file_says_what_to_run(manifest: Manifest, cache: Path) -> None:
    with pytest.raises(MissingModel, match=r"run: motcua models pull a\.bin"):
        locate("a.bin", cache, manifest=manifest)


def test_a_mirror_serves_without_a_pull_and_is_only_read(manifest: Manifest, mirror: Path, cache: Path) -> None:
    assert locate("a.bin", cache, mirror, manifest=manifest) == mirror / "a.bin"
    assert [path.name for path in mirror.iterdir()] == ["a.bin"]


def test_a_wrong_file_in_the_mirror_is_not_served(manifest: Manifest, mirror: Path, cache: Path) -> None:
    (mirror / "a.bin").write_bytes(b"other")

    with pytest.raises(WrongHash, match=str(mirror)):
        locate("a.bin", cache, mirror, manifest=manifest)


def test_a_new_manifest_hash_outdates_the_stamp(manifest: Manifest, mirror: Path, cache: Path) -> None:
    pull("default", cache, mirror, manifest=manifest)
    newer = Manifest(manifest.path, (model_of(BODY[::-1]),))

    with pytest.raises(WrongHash):
        locate("a.bin", cache, manifest=newer)


def test_one_lost_file_does_not_keep_the_others_away(mirror: Path, cache: Path, tmp_path: Path) -> None:
    files = (model_of(name="lost.bin"), model_of(), model_of(name="gone.bin"))

    with pytest.raises(PullIncomplete) as caught:
        pull("default", cache, mirror, manifest=Manifest(tmp_path, files))

    assert [type(failure) for failure in caught.value.failures] == [NoSource, NoSource]
    assert (cache / "a.bin").read_bytes() == BODY


def test_a_full_disk_is_said_and_left_as_it_was(manifest: Manifest, mirror: Path, cache: Path) -> None:
    def full(target: BinaryIO, chunk: bytes) -> None:
        target.write(chunk[:100])
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    with pytest.raises(DiskFull, match="free space"):
        pull("default", cache, mirror, manifest=manifest, write=full)

    assert leftovers(cache) == []
    assert pull("default", cache, mirror, manifest=manifest)[0].path.read_bytes() == BODY


def test_a_file_that_cannot_fit_is_refused_before_the_first_byte(cache: Path, mirror: Path, tmp_path: Path) -> None:
    huge = ModelFile("a.bin", "1", FileSet.DEFAULT, "a test", "MIT", 2**60, "0" * 64, (NOWHERE,))

    with pytest.raises(DiskFull):
        pull("default", cache, mirror, manifest=Manifest(tmp_path, (huge,)))


def test_a_directory_that_cannot_be_made_is_named(manifest: Manifest, mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CacheUnusable, match=r"\[models\] dir"):
        pull("default", tmp_path / "file" / "models", mirror, manifest=manifest)


def test_a_second_pull_waits_and_says_so_when_it_waited_too_long(tmp_path: Path) -> None:
    with Cache(tmp_path).locked(), pytest.raises(PullBusy, match="another pull"), Cache(tmp_path).locked(wait_s=0):
        pytest.fail("two pulls held one directory")


def test_a_pull_that_waits_for_another_tells_it_once(manifest: Manifest, mirror: Path, cache: Path) -> None:
    told: list[str] = []
    with ExitStack() as another:
        another.enter_context(Cache(cache).locked())

        def tell_wait() -> None:
            told.append("waits")
            Timer(3 * LOCK_POLL_S, another.close).start()

        pull("default", cache, mirror, manifest=manifest, tell_wait=tell_wait)
    assert told == ["waits"]
    pull("default", cache, mirror, manifest=manifest, tell_wait=tell_wait)
    assert told == ["waits"]


PULL_IN_A_CHILD = """
import os, signal, sys
from pathlib import Path
from models.fetch import load_manifest, pull
manifest, cache, mirror, is_killed = sys.argv[1:]
if is_killed == "killed":
    Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
(result,) = pull("default", Path(cache), Path(mirror), manifest=load_manifest(Path(manifest)))
print(result.outcome, result.source)
"""


def child(manifest: Path, cache: Path, mirror: Path, fate: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PULL_IN_A_CHILD, str(manifest), str(cache), str(mirror), fate]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def manifest_file(manifest: Manifest) -> Path:
    (file,) = manifest.files
    manifest.path.write_text(
        f'[file."a.bin"]\nversion = "1"\nset = "default"\npurpose = "a test"\nlicence = "MIT"\n'
        f'size_bytes = {file.size_bytes}\nsha256 = "{file.sha256}"\nsources = [{{ url = "{NOWHERE}" }}]\n',
        encoding="utf-8",
    )
    return manifest.path


def test_a_pull_killed_before_the_rename_is_finished_without_any_source(
    manifest: Manifest, manifest_file: Path, mirror: Path, cache: Path
) -> None:
    with child(manifest_file, cache, mirror, "killed") as killed:
        assert killed.wait(15) == -signal.SIGKILL
    assert not (cache / "a.bin").exists()

    (result,) = pull("default", cache, None, manifest=manifest)

    assert (result.outcome, result.source) == (PullOutcome.FETCHED, "an interrupted pull")
    assert result.path.read_bytes() == BODY


def test_two_processes_pull_at_once_and_one_of_them_fetches(manifest_file: Path, mirror: Path, cache: Path) -> None:
    both = [child(manifest_file, cache, mirror, "left alone") for _ in range(2)]

    said = sorted(process.communicate(timeout=15)[0].strip() for process in both)

    assert said == [f"fetched mirror {mirror}", "kept None"]
    assert (cache / "a.bin").read_bytes() == BODY


@pytest.mark.models
def test_the_pulled_default_files_are_the_pinned_ones() -> None:
    """A file that nobody needs may be missing."""
    results = verify(default_directory(), "default")

    needed = {result.state for result in results if result.file.needed}
    others = {result.state for result in results if not result.file.needed}
    assert needed == {VerifyState.OK}
    assert others <= {VerifyState.OK, VerifyState.MISSING}
