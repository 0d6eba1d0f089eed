"""Who is told, one after the other; what counts as an answer; ids that can be read out."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.chain import ID_ALPHABET, AlertState, Chain, Happening, answered_id, new_id, raised, step

CONTACTS = ("leader", "head", "duty")


def test_leader_and_head_of_unit_are_told_at_once() -> None:
    chain, told = raised(CONTACTS, 0.0, 2, 300.0)

    assert (told, chain.due_s, chain.state) == (("leader", "head"), 300.0, AlertState.OPEN)


def test_nobody_answers_to_the_end_of_the_chain() -> None:
    chain, _ = raised(CONTACTS, 0.0, 2, 300.0)

    chain, told = step(chain, Happening.DUE, 300.0, 300.0)
    assert (told, chain.due_s) == (("duty",), 600.0)

    chain, told = step(chain, Happening.DUE, 600.0, 300.0)
    assert (told, chain.state, chain.due_s) == ((), AlertState.UNANSWERED, None)


def test_an_owner_ends_the_telling() -> None:
    chain, _ = raised(CONTACTS, 0.0, 2, 300.0)
    chain, _ = step(chain, Happening.ACKNOWLEDGED, 10.0, 300.0)

    assert (chain, ()) == step(chain, Happening.DUE, 300.0, 300.0)


O, K, U, W, C = (  # noqa: E741
    AlertState.OPEN,
    AlertState.ACKNOWLEDGED,
    AlertState.UNANSWERED,
    AlertState.WITHDRAWN,
    AlertState.CONTESTED,
)
TABLE = {
    Happening.DUE: {O: O, K: K, U: U, W: W, C: C},
    Happening.FAILED: {O: O, K: K, U: U, W: W, C: C},
    Happening.ACKNOWLEDGED: {O: K, K: K, U: K, W: W, C: C},
    Happening.WITHDRAWN: {O: W, K: K, U: W, W: W, C: C},
    Happening.CONTESTED: {O: C, K: C, U: C, W: C, C: C},
}


@pytest.mark.parametrize(("state", "happening"), list(itertools.product(AlertState, Happening)))
def test_every_state_with_every_happening(state: AlertState, happening: Happening) -> None:
    after, told = step(Chain(CONTACTS, 2, state, 300.0), happening, 300.0, 300.0)

    assert TABLE[happening][state] is after.state
    assert (("duty",) if state is O and happening in {Happening.DUE, Happening.FAILED} else ()) == told


@given(st.lists(st.sampled_from(Happening), max_size=20), st.integers(0, 5))
def test_nobody_is_told_twice(happenings: list[Happening], size: int) -> None:
    contacts = tuple(f"c{place}" for place in range(size))
    chain, told = raised(contacts, 0.0, 2, 300.0)
    everybody = list(told)
    for happening in happenings:
        chain, told = step(chain, happening, 300.0, 300.0)
        everybody += told

    assert len(set(everybody)) == len(everybody)
    assert everybody == list(contacts[: len(everybody)])


@pytest.mark.parametrize(
    ("text", "alert"),
    [
        ("1 7K3P", "7K3P"),
        ("1 7k3p", "7K3P"),
        (" 1  7 k 3 p. ", "7K3P"),
        ("17K3P", "7K3P"),
        ("l 7k3p", "7K3P"),
        ("1-7K3P", "7K3P"),
        ("1 AQ23", "AQ23"),
        ("1 a023", "AQ23"),
        ("1 aO23", "AQ23"),
        ("１ 7K3P", "7K3P"),
        ("1 7K3P đã nhận", "7K3P"),
        ("17k3p ok", "7K3P"),
        ("1 lát nữa gọi lại", None),
        ("1", ""),
        ("2 7K3P", None),
        ("7K3P", None),
        ("1 7K3", None),
        ("1 7K3PX", None),
        ("đang họp", None),
        ("", None),
    ],
)
def test_answers(text: str, alert: str | None) -> None:
    assert alert == answered_id(text)


@given(st.integers())
def test_ids_read_out_come_back(seed: int) -> None:
    alert = new_id(random.Random(seed).choice)

    assert set(alert) <= set(ID_ALPHABET)
    assert alert == answered_id(f"1 {alert.lower()}")


def test_an_id_that_is_taken_is_not_given_again() -> None:
    letters = iter("7K3P7K3PAQ23")

    assert new_id(lambda _alphabet: next(letters), {"7K3P"}) == "AQ23"
