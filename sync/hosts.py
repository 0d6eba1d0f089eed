"""Which node of a broker's cluster the next connection goes to: the one after the last, beginning with one by chance of the name.

Pure. For `sync.link` and the city's sender.
"""

import zlib

from sync.broker import Broker, Version


class Hosts:
    """`name` spreads clients over the nodes. A second version is tried with the node that refused the first."""

    def __init__(self, broker: Broker, versions: tuple[Version, ...], name: str) -> None:
        self._versions = versions
        self._nodes = broker.nodes
        self._turn = zlib.crc32(name.encode()) % len(self._nodes)
        self._last: Version | None = None

    def next(self, version: Version) -> Broker:
        """The broker as this connection shall see it."""
        if self._last is not None and not self._falls_back(version):
            self._turn = (self._turn + 1) % len(self._nodes)
        self._last = version
        return self._nodes[self._turn]

    def _falls_back(self, version: Version) -> bool:
        return self._last is not None and self._versions.index(version) > self._versions.index(self._last)
