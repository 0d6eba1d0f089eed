"""The city's schema as named scripts, applied once each, by the same rules as the journal's: what was applied may not change.

Every room of the city puts its tables into `sync/city/sql/*.sql`; the first line is the script's name (`-- 001 ledger`).
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import resources

from sync.city.errors import DatabaseUnusable
from sync.city.transactions import Transaction

VERSIONS = """CREATE TABLE IF NOT EXISTS schema_version (
  name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied TEXT NOT NULL
);"""


def own_scripts() -> tuple[str, ...]:
    """Every script of this folder, in order of their file names."""
    folder = resources.files("sync.city") / "sql"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple((folder / name).read_text(encoding="utf-8") for name in names)


def missing_scripts(transaction: Transaction, scripts: Sequence[str]) -> Iterable[str]:
    """Those not applied yet, each noted as applied in this transaction. Raise DatabaseUnusable for one that was changed."""
    applied: dict[str, str] = dict(transaction.rows("SELECT name, sha256 FROM schema_version"))
    for script in scripts:
        name, checksum = _name_of(script), hashlib.sha256(script.encode()).hexdigest()
        if name not in applied:
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            transaction.execute("INSERT INTO schema_version VALUES (?, ?, ?)", (name, checksum, moment))
            yield script
        elif applied[name] != checksum:
            raise DatabaseUnusable(f"the script {name!r} was changed after it had been applied: add a new one instead")


def _name_of(script: str) -> str:
    first = script.strip().partition("\n")[0]
    if not first.startswith("-- "):
        raise DatabaseUnusable("a schema script begins with its name: `-- 001 ledger`")
    return first.removeprefix("-- ").strip()
