"""Where the device's model files lie: those that the city sent last, or else those the project's own manifest pins.

An update is a folder of its own in the data folder, whole before `current` points there, so a start never sees half of one.
"""

import hashlib
import shutil
from pathlib import Path

from config.schema import Config
from models import fetch
from models.manifest import Manifest, load_manifest, parse_manifest

FOLDER, CURRENT, MANIFEST = "models", "current", "manifest.toml"


def locate(config: Config, name: str) -> Path:
    """Raise ModelFileError when it is nowhere, or not what its manifest pins."""
    updated = config.agent.data_dir / FOLDER / CURRENT
    if (updated / MANIFEST).is_file():
        manifest = load_manifest(updated / MANIFEST)
        if any(file.name == name for file in manifest.files):
            return fetch.locate(name, updated.resolve(), manifest=manifest)
    return fetch.locate(name, config.models.directory or fetch.default_directory(), config.models.mirror)


def with_mirror(config: Config, mirror: Path | None) -> Config:
    """The configuration of this start: a mirror that was named for it goes before the file's own."""
    if mirror is None:
        return config
    return config.model_copy(update={"models": config.models.model_copy(update={"mirror": mirror})})


class ModelFolders:
    """The folders of updates below the data folder. For one caller at a time."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / FOLDER

    def read(self, text: str) -> Manifest:
        """Nothing is made yet. Raise BadManifest."""
        return parse_manifest(text, self._folder(text) / MANIFEST)

    def fresh(self, text: str) -> tuple[Path, Manifest]:
        """The folder of this manifest, made if need be: what was pulled there before is still there. Raise BadManifest, OSError."""
        manifest = self.read(text)
        folder = manifest.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        manifest.path.write_text(text, encoding="utf-8")
        return folder, manifest

    def use(self, folder: Path) -> None:
        """From the next start on; the folder before stays, older ones go."""
        before = (self._root / CURRENT).resolve()
        aside = self._root / f".{CURRENT}"
        aside.unlink(missing_ok=True)
        aside.symlink_to(folder.name)
        aside.replace(self._root / CURRENT)
        for other in self._root.iterdir():
            if other.is_dir() and not other.is_symlink() and other.resolve() not in {folder.resolve(), before}:
                shutil.rmtree(other)

    def forget(self, text: str) -> None:
        """An update that cannot be used; never the one that is."""
        folder = self._folder(text)
        if folder.resolve() != (self._root / CURRENT).resolve():
            shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, text: str) -> Path:
        return self._root / hashlib.sha256(text.encode()).hexdigest()[:16]
