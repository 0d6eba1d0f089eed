from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from edge.domain.fleet import MANY, QUIET, Signs, State, percentile, state_of, worst

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
WELL = Signs(
    is_online=True, is_revoked=False, chain_faults=frozenset(), has_broken_part=False, backlog=0, last_taken=NOW
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, State.OK),
        ({"backlog": MANY}, State.OK),
        ({"backlog": MANY + 1}, State.BEHIND),
        ({"last_taken": NOW - QUIET - timedelta(seconds=1)}, State.BEHIND),
        ({"last_taken": NOW - timedelta(days=3), "since": NOW}, State.OK),
        ({"chain_faults": frozenset({"gap"})}, State.BEHIND),
        ({"chain_faults": frozenset({"clock_skew"})}, State.FAULT),
        ({"has_broken_part": True}, State.FAULT),
        ({"is_online": False, "has_broken_part": True}, State.OFFLINE),
        ({"is_online": None}, State.OFFLINE),
        ({"is_online": None, "last_taken": None}, State.SILENT),
        ({"is_online": True, "last_taken": None}, State.OK),
        ({"is_online": False, "chain_faults": frozenset({"fork", "gap"})}, State.CHAIN),
        ({"is_revoked": True, "chain_faults": frozenset({"revoked", "forged"})}, State.REVOKED),
    ],
)
def test_what_needs_a_person_first_is_said(changes: dict[str, Any], expected: State) -> None:
    assert state_of(replace(WELL, **changes), NOW) is expected


def test_a_site_is_as_well_as_its_worst_device() -> None:
    assert worst([State.OK, State.BEHIND, State.CHAIN]) is State.CHAIN
    assert worst([State.OK, State.REVOKED]) is State.OK
    assert worst([]) is State.SILENT


@pytest.mark.parametrize(
    ("spans", "share", "expected"),
    [({}, 0.5, None), ({60: 1}, 0.9, 60), ({30: 5, 60: 4, 600: 1}, 0.5, 30), ({30: 5, 60: 4, 600: 1}, 0.9, 60), ({0: 1, 30: 1}, 0.9, 30)],
)  # fmt: skip
def test_percentiles_are_of_the_nearest_rank(spans: dict[int, int], share: float, expected: int | None) -> None:
    assert percentile(spans, share) == expected
