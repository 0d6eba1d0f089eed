"""Whatever is done to a chain is seen; an untouched one always holds. Pure, with random chains."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chain import Chain, Head, digest, site_time
from sync.checkpoint import make_checkpoint
from sync.events import RatingGiven, VisitStarted
from sync.keys import DeviceKey
from sync.retention import Stretch
from sync.walk import Broken, Claims, Item, StoredEvent, Walk

SOURCE = "/sites/s/devices/d"
KEY = DeviceKey.from_seed(bytes(range(32)))
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[StoredEvent], Head]:
    """A chain of up to 12 events with checkpoints in it."""
    chain = Chain(SOURCE, Head(), site_time)
    items: list[StoredEvent] = []
    for text, is_signed in draw(st.lists(st.tuples(TEXT, st.booleans()), min_size=2, max_size=8)):
        payloads = [VisitStarted(visit=text, counter=text), RatingGiven(counter=text, visit=None, level="angry")]
        rows, _ = chain.extend(payloads)
        if is_signed:
            rows += chain.extend([make_checkpoint(KEY, SOURCE, "boot", chain.head)])[0]
        items += [StoredEvent(seq, body, (kind, keep, at_ms)) for seq, kind, keep, at_ms, body in rows]
    return items, chain.head


def walk(items: list[Item], head: Head) -> Walk:
    walked = Walk(Claims(SOURCE, KEY.public, head))
    walked.over(items)
    return walked


@given(chains())
def test_an_untouched_chain_holds(chain: tuple[list[StoredEvent], Head]) -> None:
    items, head = chain
    assert walk(list(items), head).head == head
    assert [digest(a.body) in b.body.decode() for a, b in pairwise(items)] == [True] * (len(items) - 1)


@given(chains(), st.data())
def test_any_changed_byte_is_seen_at_its_row(chain: tuple[list[StoredEvent], Head], data: st.DataObject) -> None:
    items, head = chain
    at = data.draw(st.integers(0, len(items) - 1))
    body = bytearray(items[at].body)
    byte = data.draw(st.integers(0, len(body) - 1))
    body[byte] ^= data.draw(st.integers(1, 255))
    changed: list[Item] = [*items]
    changed[at] = StoredEvent(items[at].seq, bytes(body), items[at].columns)
    with pytest.raises(Broken) as broken:
        walk(changed, head)
    assert broken.value.seq == items[at].seq


@given(chains(), st.data())
def test_any_missing_row_is_named(chain: tuple[list[StoredEvent], Head], data: st.DataObject) -> None:
    items, head = chain
    at = data.draw(st.integers(0, len(items) - 1))
    with pytest.raises(Broken) as broken:
        walk([*items[:at], *items[at + 1 :]], head)
    assert broken.value.seq == items[at].seq


@given(chains(), st.data())
def test_any_signed_hole_holds_and_an_unsigned_one_does_not(
    chain: tuple[list[StoredEvent], Head], data: st.DataObject
) -> None:
    items, head = chain
    first = data.draw(st.integers(0, len(items) - 1))
    last = data.draw(st.integers(first, len(items) - 1))
    before = digest(items[first - 1].body) if first else Head().hash
    hole = Stretch(items[first].seq, items[last].seq, before, digest(items[last].body))
    signed = Stretch(hole.first, hole.last, hole.prevhash, hole.hash, KEY.sign(hole.message(SOURCE)))
    assert walk([*items[:first], signed, *items[last + 1 :]], head).head == head
    with pytest.raises(Broken):
        walk([*items[:first], hole, *items[last + 1 :]], head)
