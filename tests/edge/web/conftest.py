from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.web.house import House


@pytest.fixture(autouse=True)
def cheap_pin_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost would be most of the run; one test checks that it is the default."""
    monkeypatch.setattr("edge.web.users.SCRYPT_N", 2**10)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path).running() as made:
        yield made
