"""The documents in docs/contract say what the types say."""

import json
from pathlib import Path

import pytest

from sync.contract import documents
from sync.events import PAYLOADS
from sync.topics import CITY_ROOT

COMMITTED = Path(__file__).parents[2] / "docs" / "contract"


def test_the_committed_documents_are_current() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.iterdir()}
    assert committed == documents(), "run scripts/contract and commit docs/contract"


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_type_has_a_schema_of_the_whole_event(kind: str) -> None:
    schema = json.loads(documents()[f"{kind}.json"])
    assert schema["properties"]["type"] == {"const": f"vn.motcua.{kind}.v1"}
    assert set(schema["required"]) >= {"id", "source", "type", "time", "seq", "prevhash", "data"}
    assert schema["properties"]["data"]["$ref"].removeprefix("#/$defs/") in schema["$defs"]


def test_every_reference_leads_somewhere() -> None:
    texts = documents()
    lines = texts["asyncapi.yaml"].splitlines()
    files = {line.split('"./')[1].rstrip('"') for line in lines if '"./' in line}
    assert files == texts.keys() - {"asyncapi.yaml"}
    assert all(f"    {kind.replace('.', '_')}:" in lines for kind in PAYLOADS)


def test_the_daily_root_is_in_it() -> None:
    lines = documents()["asyncapi.yaml"].splitlines()
    assert f'    address: "{CITY_ROOT}"' in lines
    schema = json.loads(documents()["root.json"])
    assert set(schema["required"]) >= {"day", "devices", "root", "previous"}
