from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.services.centre import Centre


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    made = await Centre.open(tmp_path)
    yield made
    await made.journal.close()
