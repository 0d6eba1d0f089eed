"""A Merkle tree over leaves, hashed as RFC 6962 section 2.1 says: leaves behind 0x00, nodes behind 0x01. Pure."""

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The tree's hash. An unpaired node goes up as it is, which is the RFC's split at the largest power of two."""
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def proof_of(leaves: Sequence[bytes], place: int) -> list[bytes]:
    """The hashes that lead from the leaf at `place` to the root: who has the leaf and the root needs nothing else."""
    level, proof = [leaf_hash(leaf) for leaf in leaves], []
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            proof.append(level[beside])
        level, place = _above(level), place // 2
    return proof


def is_included(leaf: bytes, place: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a tree of `size` leaves with this root has this leaf at `place`."""
    if not 0 <= place < size:
        return False
    found, rest, last = leaf_hash(leaf), list(proof), size - 1
    while last:
        if place % 2 or place < last:
            if not rest:
                return False
            beside = rest.pop(0)
            found = _node(beside, found) if place % 2 else _node(found, beside)
        place, last = place // 2, last // 2
    return found == root and not rest


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [_node(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
    return pairs + level[-1:] if len(level) % 2 else pairs


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
