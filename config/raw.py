"""Parts of a table as TOML or YAML has it, before anything of it was checked: what is missing or of another kind is empty. Pure."""

from collections.abc import Mapping
from typing import Any


def section(table: Any, name: str) -> dict[Any, Any]:
    """The table of that name inside another."""
    found = table.get(name) if isinstance(table, Mapping) else None
    return found if isinstance(found, dict) else {}


def listed(table: Any, name: str) -> list[Any]:
    """The list of that name inside a table."""
    found = table.get(name) if isinstance(table, Mapping) else None
    return list(found) if isinstance(found, list | tuple) else []
