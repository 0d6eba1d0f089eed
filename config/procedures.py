"""What a citizen may hand in: procedures with their papers, in both languages. `edge.compose` passes them to the locker and the guide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from config.fields import Key, Section
from config.load import ConfigError, Mistake, explain, nearest, parse
from config.raw import listed

SEEDED = Path(__file__).parent / "procedures.toml"
Paper = Annotated[str, Field(min_length=1, max_length=120)]
InLanguage = tuple[str, str, tuple[str, ...], str]  # key, name, papers, size


class Wording(Section):
    """`papers` in the order in which they are put in the bag."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    papers: Annotated[tuple[Paper, ...], Field(min_length=1, max_length=12)]


class ProcedureEntry(Section):
    """`deposit` false: somebody must sign before an officer, so no locker takes it."""

    size: Literal["small", "medium", "large"] = "small"
    deposit: bool = True
    vi: Wording
    en: Wording

    @model_validator(mode="after")
    def _same_papers(self) -> Self:
        if len(self.vi.papers) != len(self.en.papers):
            msg = f"{len(self.vi.papers)} papers in Vietnamese and {len(self.en.papers)} in English: they must be the same"
            raise ValueError(msg)
        return self


class ProceduresFile(Section):
    procedures: dict[Key, ProcedureEntry] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Procedures:
    """All of a site, in the order of its file."""

    entries: dict[str, ProcedureEntry]


def load_procedures(file: Path | None = None) -> Procedures:
    """A site's own file, or the seeded one. Raise ConfigError with every mistake."""
    file = file or SEEDED
    table = parse(file)
    try:
        checked = ProceduresFile.model_validate(table)
    except ValidationError as error:
        mistakes = [explain(problem, ProceduresFile) for problem in error.errors(include_url=False)]
        raise ConfigError(file, mistakes) from error
    return Procedures(dict(checked.procedures))


def unknown_procedures(services: Mapping[str, Any], known: Iterable[str], file: Path) -> list[Mistake]:
    """Of `[queue.services]` as the table has it: procedures that the file does not describe."""
    names = list(known)
    why = f"is no procedure of {file.name}; there are: {', '.join(names)}"
    return [
        Mistake(f"queue.services.{service}.procedures.{place}", repr(one), why, nearest(one, names))
        for service, row in services.items()
        for place, one in enumerate(listed(row, "procedures"))
        if isinstance(one, str) and one not in names
    ]


def in_language(procedures: Procedures, lang: str) -> tuple[InLanguage, ...]:
    """What a locker takes, in one language (Vietnamese for one that is not known)."""
    return tuple(
        (key, wording.name, wording.papers, entry.size)
        for key, entry in procedures.entries.items()
        if entry.deposit
        for wording in (entry.en if lang == "en" else entry.vi,)
    )
