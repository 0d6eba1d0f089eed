"""The tree, against RFC 6962's own definition and its known answers."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from sync.city.merkle import is_included, leaf_hash, proof_of, root_of


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


LEAVES = st.lists(st.binary(max_size=5), max_size=40)


@given(LEAVES)
def test_the_root_is_the_rfcs(leaves: list[bytes]) -> None:
    assert root_of(leaves) == by_definition(leaves)


def test_known_answers() -> None:
    """The vectors of the certificate transparency project (merkle_tree_test)."""
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert root_of(leaves[:5]).hex() == "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"


@given(LEAVES.filter(bool), st.data())
def test_a_leaf_is_proven_where_it_is_and_nowhere_else(leaves: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    proof, root, size = proof_of(leaves, place), root_of(leaves), len(leaves)
    assert is_included(leaves[place], place, size, proof, root)
    assert not is_included(leaves[place] + b"!", place, size, proof, root)
    assert not is_included(leaves[place], place, size, [*proof, leaf_hash(b"")], root)
    assert not is_included(leaves[place], size, size, proof, root)
    assert not proof or not is_included(leaves[place], place, size, proof[:-1], root)
