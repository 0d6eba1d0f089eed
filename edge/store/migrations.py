"""The agent's own tables, as named scripts that the journal applies when it opens its file. For `edge.app` and tests."""

from importlib import resources


def scripts() -> tuple[str, ...]:
    """In order; a script that was shipped is never changed, a new one is added."""
    folder = resources.files("edge.store") / "sql"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple((folder / name).read_text(encoding="utf-8") for name in names)
