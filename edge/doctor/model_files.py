"""Model files: there, and the very bytes that their manifest pins. Hashed anew; unlike a start, nothing is noted on the disk."""

import pwd
from dataclasses import dataclass
from pathlib import Path

from config.schema import Config
from edge.adapters.guide_eyes_spec import NETWORK
from edge.adapters.model_files import CURRENT, FOLDER, MANIFEST
from edge.adapters.vision_spec import LANDMARKER
from edge.adapters.voice_spec import DETECTOR, WHISPER_FILES
from edge.doctor.finding import Finding, broken, good, weak
from edge.doctor.holders import Person
from models import fetch
from models.cache import sha256_of
from models.manifest import ModelFile

LIMIT_S = 90.0  # the ears' are 80 MB, which an old card reads in half a minute


@dataclass(frozen=True, slots=True)
class Hashed:
    """One file as it lies; `is_right` None: it is nowhere."""

    file: ModelFile
    is_right: bool | None


def stations(config: Config) -> dict[str, tuple[str, ...]]:
    """Which files each station needs, by the station's name."""
    needed: dict[str, tuple[str, ...]] = {}
    if config.counters:
        needed["counters"] = (LANDMARKER,)
    guide = config.guide
    seeing = (LANDMARKER, NETWORK) if guide and guide.camera else ()
    hearing = _ears(config) if guide and guide.voice.microphone else ()
    if guide and (seeing or hearing):
        needed[guide.name] = (*seeing, *hearing)
    return needed


def as_seen_by(who: Person, config: Config) -> Config:
    """The configuration with the models' folder that `who` has; root's own, which a configuration without one means here, is another."""
    if config.models.directory is not None or not who.is_another:
        return config
    try:
        home = pwd.getpwuid(who.uid).pw_dir
    except KeyError:
        return config
    return config.model_copy(
        update={"models": config.models.model_copy(update={"directory": Path(home, ".cache/motcua/models")})}
    )


def verdict_of_files(found: tuple[Hashed, ...], folder: Path) -> Finding:
    """What a station does not need (`needed = false` in the manifest) makes it weaker when it is missing."""
    where = "" if folder == fetch.default_directory() else f" --dir {folder}"
    wrong = [one.file.name for one in found if one.is_right is False]
    if wrong:
        return broken(f"not what the manifest pins: {', '.join(wrong)}", f"rm {' '.join(str(folder / name) for name in wrong)}; then: motcua models pull{where} {' '.join(wrong)}")  # fmt: skip
    missing = [one for one in found if one.is_right is None]
    names = ", ".join(one.file.name for one in missing)
    pull = f"motcua models pull{where} {' '.join(sorted({one.file.set.value for one in missing}))}"
    if any(one.file.needed for one in missing):
        return broken(f"missing in {folder}: {names}", pull)
    if missing:
        return weak(f"complete but for {names}: it works without, less well", pull)
    return good(f"{len(found)} {'file' if len(found) == 1 else 'files'}, right by SHA-256")


def look_at_files(config: Config, names: tuple[str, ...]) -> Finding:
    """Blocking."""
    folder = config.models.directory or fetch.default_directory()
    try:
        return verdict_of_files(tuple(_hashed(config, name, folder) for name in names), folder)
    except PermissionError:
        raise
    except OSError as error:
        return broken(f"{error.filename}: {error.strerror}", "the disk fails: sudo dmesg | tail")
    except fetch.ModelFileError as error:
        return broken(str(error).partition("\n")[0], "repair the installation: ./scripts/setup")


def _hashed(config: Config, name: str, folder: Path) -> Hashed:
    """Where the agent would take it from (`edge.adapters.model_files.locate`): the city's update, the folder, the mirror."""
    updated = config.agent.data_dir / FOLDER / CURRENT
    manifest = fetch.load_manifest()
    if (updated / MANIFEST).is_file():
        theirs = fetch.load_manifest(updated / MANIFEST)
        if any(one.name == name for one in theirs.files):
            return _compared(theirs.get(name), (updated,))
    mirror = config.models.mirror
    return _compared(manifest.get(name), (folder, mirror) if mirror else (folder,))


def _compared(file: ModelFile, folders: tuple[Path, ...]) -> Hashed:
    path = next((one / file.name for one in folders if (one / file.name).is_file()), None)
    return Hashed(file, None if path is None else sha256_of(path) == file.sha256)


def _ears(config: Config) -> tuple[str, ...]:
    """A Vosk model is the site's own and in no manifest."""
    assert config.guide is not None  # noqa: S101 - the caller looked
    return (DETECTOR,) if config.guide.voice.model_dir else (*WHISPER_FILES, DETECTOR)
