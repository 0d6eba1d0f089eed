"""Which shard a device belongs to, and which worker a shard belongs to: rendezvous hashing, pure.

Whoever knows the same names computes the same answer, so nobody has to be asked and nobody leads.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

SHARDS = 8  # enough for 8 workers; more shards are more Raft groups to keep


def shard_of(source: str, shards: int) -> int:
    """The shard (0-based) of a device. With one shard more, one device in `shards + 1` moves; the others stay."""
    return max(range(shards), key=lambda shard: _weight(source, str(shard)))


def assign(queues: Iterable[str], workers: Iterable[str]) -> Mapping[str, str]:
    """Queue to worker: as even as whole numbers allow, and a worker that comes or goes moves as little as that permits."""
    names = sorted(set(workers))
    wanted = sorted(set(queues))
    if not names:
        return {}
    weights = sorted(((_weight(queue, name), queue, name) for queue in wanted for name in names), reverse=True)
    least, larger = divmod(len(wanted), len(names))
    return _dealt(weights, least, larger)


def _dealt(weights: Sequence[tuple[int, str, str]], least: int, larger: int) -> dict[str, str]:
    """The heaviest pair first; `larger` workers may have one more than `least`."""
    owner: dict[str, str] = {}
    load: Counter[str] = Counter()
    for _, queue, name in weights:
        is_full = load[name] > least or (load[name] == least and larger == 0)
        if queue not in owner and not is_full:
            larger -= load[name] == least
            owner[queue] = name
            load[name] += 1
    return owner


def _weight(a: str, b: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{a}\0{b}".encode(), digest_size=8).digest(), "big")
