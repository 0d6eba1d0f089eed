"""The city's store: takes what continues a chain, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.chain import Chain, Head, digest, site_time
from sync.city.store import CityStore, Taken
from sync.events import VisitStarted
from sync.topics import Topics, topics_of

DEVICE = Topics("s", "d")
SOURCE = "/sites/s/devices/d"
KIND = "visit.started"


@pytest.fixture
def bodies() -> list[bytes]:
    rows, _ = Chain(SOURCE, Head(), site_time).extend([VisitStarted(visit=f"v{n}", counter="c") for n in range(5)])
    return [body for *_, body in rows]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CityStore]:
    opened = CityStore(tmp_path / "city.sqlite")
    yield opened
    opened.close()


def changed(body: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(body) | fields, separators=(",", ":")).encode()


def test_events_in_order_are_new_and_again_are_duplicates(store: CityStore, bodies: list[bytes]) -> None:
    assert [store.take(DEVICE, KIND, body) for body in bodies] == [Taken.NEW] * 5
    assert [store.take(DEVICE, KIND, body) for body in bodies] == [Taken.DUPLICATE] * 5
    assert (store.unique(), store.head(SOURCE)) == (5, Head(5, digest(bodies[-1])))


def test_what_comes_behind_a_gap_is_not_kept(store: CityStore, bodies: list[bytes]) -> None:
    store.take(DEVICE, KIND, bodies[0])
    assert store.take(DEVICE, KIND, bodies[2]) is Taken.AHEAD
    assert [store.take(DEVICE, KIND, body) for body in bodies[1:]] == [Taken.NEW] * 4


def test_another_history_is_forged(store: CityStore, bodies: list[bytes]) -> None:
    store.take(DEVICE, KIND, bodies[0])
    assert store.take(DEVICE, KIND, changed(bodies[0], data={"visit": "w", "counter": "c"})) is Taken.FORGED
    assert store.take(DEVICE, KIND, changed(bodies[1], prevhash="f" * 64)) is Taken.FORGED
    assert store.take(DEVICE, KIND, bodies[1]) is Taken.NEW


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "/sites/s/devices/e"},
        {"type": "vn.motcua.alert.raised.v1"},
        {"seq": -(10**30)},
        {"seq": 10**30},
        {"seq": 0},
        {"time": "soon"},
    ],
)
def test_a_device_speaks_for_itself_only_and_in_the_contracts_words(
    store: CityStore, bodies: list[bytes], fields: dict[str, object]
) -> None:
    assert store.take(DEVICE, KIND, changed(bodies[0], **fields)) is Taken.FORGED


@pytest.mark.parametrize("junk", [b"", b"null", b"\xff", b"{}", pytest.param(b'{"data":' + b"[" * 100_000, id="deep")])
def test_junk_is_counted_and_dropped(store: CityStore, junk: bytes) -> None:
    assert store.take(DEVICE, KIND, junk) is Taken.FORGED
    assert store.take(Topics("s s", "d/#"), KIND, junk) is Taken.FORGED


def test_what_was_held_is_held_after_a_restart(tmp_path: Path, bodies: list[bytes]) -> None:
    for body in bodies:
        store = CityStore(tmp_path / "city.sqlite")
        assert store.take(DEVICE, KIND, body) is Taken.NEW
        store.close()


@pytest.mark.parametrize(
    ("topic", "whose"),
    [
        ("motcua/v1/s/d/ev/visit.started", DEVICE),
        ("motcua/v1/s/d/status", None),
        ("motcua/v2/s/d/ev/visit.started", None),
        ("motcua/v1/s/d/ev/visit.started/more", None),
        ("", None),
    ],
)
def test_only_event_topics_are_events(topic: str, whose: Topics | None) -> None:
    assert topics_of(topic) == whose
