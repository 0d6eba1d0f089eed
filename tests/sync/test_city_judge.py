"""What an arrival is: tables, and chance. Whatever comes in whatever order, what is held is a beginning of the true chain."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chain import Head
from sync.city.judge import Bench, Standing, read
from sync.city.terms import MAX_EVENT, Arrival, DeviceState, Judgement
from sync.topics import Topics
from tests.sync.city_samples import DEVICE, KEY, OTHER_KEY, SOURCE, Sender, changed, early, later, with_body

J = Judgement


def judged(arrivals: list[Arrival], standing: Standing | None = None) -> list[Judgement]:
    bench = Bench(standing or Standing(), {})
    return [bench.judge(read(arrival)).judgement for arrival in arrivals]


def test_a_chain_in_its_order_is_new_and_again_is_a_duplicate() -> None:
    sender = Sender()
    chain = sender.visits(3) + sender.signs() + sender.visits(1)
    assert judged(chain + chain) == [J.NEW] * 5 + [J.DUPLICATE] * 5


def test_what_is_behind_a_gap_must_come_again() -> None:
    one, two, three = Sender().visits(3)
    assert judged([one, three, two, three]) == [J.NEW, J.AHEAD, J.NEW, J.NEW]


def test_another_history_is_named_by_what_it_is() -> None:
    sender = Sender()
    one, two = sender.visits(2)
    other = changed(one, data={"visit": "w", "counter": "c"})
    assert judged([one, other, changed(two, prevhash="f" * 64), two]) == [J.NEW, J.FORKED, J.UNCHAINED, J.NEW]


@pytest.mark.parametrize(
    ("fields", "judgement"),
    [
        ({"source": "/sites/s/devices/e"}, J.FOREIGN),
        ({"type": "vn.motcua.alert.raised.v1"}, J.FOREIGN),
        ({"type": "vn.motcua.visit.started.v2"}, J.UNKNOWN_VERSION),
        ({"type": "visit.started"}, J.UNKNOWN_VERSION),
        ({"data": {"visit": 7}}, J.UNKNOWN_VERSION),
        ({"data": None}, J.UNKNOWN_VERSION),
        ({"seq": -(10**30)}, J.UNREADABLE),
        ({"seq": 10**30}, J.UNREADABLE),
        ({"seq": 0}, J.UNREADABLE),
        ({"seq": "1"}, J.UNREADABLE),
        ({"time": "soon"}, J.UNREADABLE),
        ({"time": "2026-11-21T08:15:30"}, J.UNREADABLE),
        ({"specversion": "2.0"}, J.UNREADABLE),
        ({"extra": "x" * MAX_EVENT}, J.TOO_BIG),
    ],
)
def test_a_device_speaks_for_itself_and_in_the_contracts_words(fields: dict[str, object], judgement: Judgement) -> None:
    (one,) = Sender().visits(1)
    assert judged([changed(one, **fields)]) == [judgement]


@pytest.mark.parametrize("junk", [b"", b"null", b"\xff", b"{}", pytest.param(b'{"data":' + b"[" * 60_000, id="deep")])
def test_junk_is_unreadable(junk: bytes) -> None:
    (one,) = Sender().visits(1)
    assert judged([with_body(one, junk), one]) == [J.UNREADABLE, J.NEW]


def test_a_topic_that_no_device_can_have_is_nobodys() -> None:
    (one,) = Sender().visits(1)
    assert judged([dataclasses.replace(one, topics=Topics("s s", "d/#"))]) == [J.FOREIGN]


def test_who_is_not_registered_or_revoked_is_not_even_read() -> None:
    arrivals = [*Sender().visits(1), Arrival(DEVICE, "x", b"", Sender().now)]
    assert judged(arrivals, Standing(state=None)) == [J.UNREGISTERED] * 2
    assert judged(arrivals, Standing(state=DeviceState.REVOKED)) == [J.REVOKED] * 2


def test_a_checkpoint_counts_only_with_a_registered_key() -> None:
    true, thief = Sender(), Sender(key=OTHER_KEY)
    chain, stolen = true.visits(1) + true.signs(), thief.visits(1) + thief.signs()
    for keys in ((KEY.public,), (OTHER_KEY.public, KEY.public)):
        assert judged(chain, Standing(keys=keys)) == [J.NEW, J.NEW]
    assert judged(stolen, Standing(keys=(KEY.public,))) == [J.NEW, J.FORGED]


def test_without_a_registry_the_first_key_is_trusted_and_no_other() -> None:
    sender = Sender()
    bench = Bench(Standing(), {})
    chain = sender.visits(1) + sender.signs()
    assert [bench.judge(read(arrival)).judgement for arrival in chain] == [J.NEW, J.NEW]
    assert (bench.keys, bench.signed_upto) == ((KEY.public,), 1)
    sender.key = OTHER_KEY
    assert [bench.judge(read(arrival)).judgement for arrival in sender.signs()] == [J.FORGED]


@pytest.mark.parametrize(
    "fields", [{"upto": 0}, {"head": "0" * 64}, {"signature": "0" * 128}, {"key": "zz"}, {"boot": 1}]
)
def test_a_checkpoint_about_another_history_is_forged(fields: dict[str, object]) -> None:
    sender = Sender()
    one, checkpoint = sender.visits(1) + sender.signs()
    data = json.loads(checkpoint.body)["data"] | fields
    assert judged([one, changed(checkpoint, data=data), checkpoint]) == [J.NEW, J.FORGED, J.NEW]


def test_an_early_copy_waits_for_its_turn() -> None:
    one, two, three = Sender().visits(3)
    assert judged([one, early(three), early(three), two, three]) == [J.NEW, J.EARLY, J.DUPLICATE, J.NEW, J.NEW]
    assert judged([early(one), one, early(one)]) == [J.EARLY, J.NEW, J.DUPLICATE]


def test_an_early_copy_that_the_chain_denies_is_a_fork() -> None:
    one, two = Sender().visits(2)
    lie = early(changed(two, data={"visit": "w", "counter": "c"}))
    bench = Bench(Standing(), {})
    assert [bench.judge(read(arrival)).judgement for arrival in (one, lie, early(two), two)] == [
        J.NEW, J.EARLY, J.FORKED, J.NEW,
    ]  # fmt: skip
    assert bench.denied == [(2, lie.body)]


def test_a_clock_that_cannot_be_right_is_noted_and_the_event_taken() -> None:
    (one,) = Sender().visits(1)
    for amount, skew_s in ((-600.0, 600.0), (-200.0, None), (7 * 86_400.0, None), (500 * 86_400.0, -500 * 86_400.0)):
        verdict = Bench(Standing(), {}).judge(read(later(one, seconds=amount)))
        assert (verdict.judgement, verdict.skew_s) == (J.NEW, skew_s)


# --- chance ---

Play = tuple[str, int, int]
PLAYS = st.lists(
    st.tuples(
        st.sampled_from(["true", "early", "flip", "rechain", "thief", "junk"]), st.integers(0, 19), st.integers(0, 255)
    ),
    max_size=60,
)


def true_chain() -> list[Arrival]:
    sender = Sender()
    chain: list[Arrival] = []
    for _ in range(5):
        chain += sender.visits(3) + sender.signs()
    return chain


def played(chain: list[Arrival], play: Play) -> Arrival:
    """One arrival: a true one, or one of a forger's who has seen the chain but not the key."""
    what, place, number = play
    one = chain[place]
    if what == "early":
        return early(one)
    if what == "flip":
        body = bytearray(one.body)
        body[number % len(body)] ^= 1 + number % 255
        return with_body(one, bytes(body))
    if what == "rechain":
        return changed(one, prevhash="f" * 64)
    if what == "thief":
        thief = Sender(key=OTHER_KEY, head=Head(place, json.loads(one.body)["prevhash"]))
        return thief.signs()[0]
    return with_body(one, bytes([number])) if what == "junk" else one


@given(PLAYS)
def test_what_is_held_is_a_beginning_of_the_true_chain_and_what_its_key_did_not_sign_is_not(plays: list[Play]) -> None:
    """A change of an unsigned event before the true one comes cannot be told from it; no other lie is ever held."""
    chain = true_chain()
    bench, held = Bench(Standing(keys=(KEY.public,)), {}), list[Arrival]()
    for play in plays:
        arrival = played(chain, play)
        is_lie = arrival.body not in [one.body for one in chain]
        if is_lie and play[0] == "flip" and bench.head.seq == play[1]:
            continue  # the very next event, unsigned yet: `test_a_lie_that_came_first...` is about it
        if bench.judge(read(arrival)).judgement in {J.NEW, J.UNKNOWN_VERSION}:
            held.append(arrival)
    assert [one.body for one in held] == [one.body for one in chain[: len(held)]]
    assert bench.head.seq == len(held)


@given(st.permutations(range(20)), st.sets(st.integers(0, 19)))
def test_whatever_was_dropped_or_reordered_sending_again_completes_the_chain(
    order: list[int], dropped: set[int]
) -> None:
    chain = true_chain()
    bench = Bench(Standing(keys=(KEY.public,)), {})
    for place in order:
        if place not in dropped:
            bench.judge(read(chain[place]))
    again = [bench.judge(read(one)).judgement for one in chain]
    assert set(again) <= {J.NEW, J.DUPLICATE}
    assert bench.head.seq == len(chain)


def test_a_lie_that_came_first_stops_the_chain_at_the_next_true_event() -> None:
    """Who may publish as the device can put in an unsigned event; the true device is then told, and so is a person."""
    sender = Sender()
    one, two, checkpoint = sender.visits(2) + sender.signs()
    lie = changed(one, data={"visit": "w", "counter": "c"})
    standing = Standing(keys=(KEY.public,))
    assert judged([lie, one, two, checkpoint], standing) == [J.NEW, J.FORKED, J.UNCHAINED, J.AHEAD]


def test_the_source_is_the_one_of_the_samples() -> None:
    assert Sender().source == SOURCE
