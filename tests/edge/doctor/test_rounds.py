"""Each check has its own time and its own failure: none ends the others, and nothing is left out."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

from edge.doctor.finding import Finding, Line, State, good
from edge.doctor.report import rendered, summary, waiting_for
from edge.doctor.rounds import Check, Key, Rounds, check, look


async def made(*checks: Check) -> dict[Key, Finding]:
    told: list[Line] = []
    waited: list[Sequence[Key]] = []
    rounds = Rounds(told.append, lambda keys: waited.append(tuple(keys)))
    await rounds.together(checks)
    assert len(told) == len({(line.part, line.id) for line in told})
    assert waited[-1] == ()
    return {(line.part, line.id): line.finding for line in told}


async def fine() -> Finding:
    return good("fine")


async def test_a_check_that_hangs_or_fails_ends_no_other() -> None:
    stuck = threading.Event()

    async def fails() -> Finding:
        raise ZeroDivisionError("by zero")

    def closed() -> Finding:
        raise PermissionError(13, "Permission denied", "/data/users.toml")

    def hangs() -> Finding:
        stuck.wait(20)
        return good("too late")

    told = await made(
        check("a", None, fails), look("b", "1", hangs, limit_s=0.05), look("c", None, closed), check("d", None, fine)
    )
    stuck.set()
    assert {key: finding.state for key, finding in told.items()} == {
        ("a", None): State.BROKEN, ("b", "1"): State.BROKEN, ("c", None): State.NOT_TESTED, ("d", None): State.GOOD,
    }  # fmt: skip
    assert "ZeroDivisionError: by zero" in told["a", None].found
    assert "no result within" in told["b", "1"].found
    assert told["c", None].found == "/data/users.toml is closed to this user"


async def test_what_a_check_of_several_parts_leaves_out_is_told_for_it() -> None:
    async def boards() -> AsyncIterator[Line]:
        yield Line("board", "one", good("answers"))
        await asyncio.Event().wait()

    told = await made(Check((("board", "one"), ("board", "two")), boards, limit_s=0.05))
    assert told["board", "one"].state is State.GOOD
    assert told["board", "two"].state is State.BROKEN


def test_what_is_printed_fits_a_terminal_and_is_found_by_its_sign() -> None:
    found = Finding(State.BROKEN, "word " * 40, "sudo usermod -aG dialout motcua; then log in anew " * 3)
    lines = rendered(Line("microphone", "huong-dan-tang-mot", found))
    assert lines[0].startswith("✗ microphone huong-dan-tang-mot  word")
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("    do: sudo") for line in lines)
    assert rendered(Line("disk", None, good("41 GB free")))[0] == "✓ disk                  41 GB free"
    assert summary([State.GOOD, State.GOOD, State.BROKEN]) == "2 good, 1 broken"
    assert len(waiting_for([("camera", f"quay-{number}") for number in range(20)])) < 100
