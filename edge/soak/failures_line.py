"""What goes wrong between the port and the boards: power, replies, bytes, cables, addresses. For `edge.soak.failures`."""

import asyncio
import contextlib
import os
from collections.abc import Callable

from devices.lock_board.sim_line import Garble, LineFaults
from edge.soak.failures import CATALOGUE, Failure, Play
from edge.soak.hardware import BOARDS
from edge.soak.stage import Stage

Strike = Callable[[Stage], None]
PULLED_S, OFF_S = 0.4, 0.4


def _struck(strike: Strike, *, is_honest: bool = True) -> Play:
    """A citizen with a code comes while it happens; when it is over, the code has opened the door once or still does."""

    async def play(stage: Stage) -> None:
        paper = await stage.waiting()
        stage.site.line_is_honest = is_honest
        strike(stage)
        await stage.pick_up(paper)
        await stage.code_still_opens(paper)

    return play


def _at_unlock(action: Strike) -> Strike:
    return lambda stage: stage.at_unlock(lambda: action(stage))


def _faults(faults: LineFaults) -> Strike:
    def set_faults(stage: Stage) -> None:
        stage.hardware.cabinet.line.faults = faults

    return set_faults


def _power_cut(stage: Stage) -> None:
    stage.hardware.cabinet.power_cut()


def _power_cut_after(stage: Stage) -> None:
    stage.at_open(lambda _: stage.hardware.cabinet.power_cut())


def _board_missing(stage: Stage) -> None:
    stage.hardware.cabinet.power_cut(BOARDS[stage.site.family][1])


def _board_rebooted(stage: Stage) -> None:
    for address in BOARDS[stage.site.family]:
        stage.hardware.cabinet.power_cut(address)
    stage.later(OFF_S, stage.hardware.cabinet.power_on)


def _unplugged(stage: Stage) -> None:
    stage.hardware.cabinet.unplug()
    stage.later(PULLED_S, stage.hardware.cabinet.plug_in)


def _renumbered(stage: Stage) -> None:
    """The adapter is another ttyUSB now; the stable name leads to it."""
    stage.hardware.cabinet.unplug()
    stage.hardware.cabinet.plug_in()


def _said(make: Callable[[Stage], bytes]) -> Strike:
    """Somebody says something on the line that nobody asked for."""
    return lambda stage: stage.hardware.cabinet.line.to_port(make(stage))


def _stale(stage: Stage) -> bytes:
    return stage.chance.randbytes(7)


def _half(stage: Stage) -> bytes:
    return stage.hardware.read_frame(0)[:3]


def _unasked(stage: Stage) -> bytes:
    """What a board says when a door moved that nobody touched; a foreign master's question where boards never speak unasked."""
    return stage.hardware.push_frame() or stage.hardware.read_frame(1)


def _thief(stage: Stage) -> None:
    """Another program opens the port and reads what is ours."""
    with contextlib.suppress(OSError):  # the driver has it for itself: so be it
        stolen_fd = os.open(stage.hardware.cabinet.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop = asyncio.get_running_loop()

        def steal() -> None:
            with contextlib.suppress(OSError):
                os.read(stolen_fd, 4096)

        def leave() -> None:
            loop.remove_reader(stolen_fd)
            os.close(stolen_fd)

        loop.add_reader(stolen_fd, steal)
        loop.call_later(0.5, leave)  # whatever becomes of the turn


def _one_address(stage: Stage) -> None:
    first, second = stage.hardware.cabinet.boards
    own, second.address = second.address, first.address
    stage.hardware.at_heal(lambda: setattr(second, "address", own))


def _echoing(stage: Stage) -> None:
    """A two-wire adapter that hears itself; when it is replaced, its port is another one."""
    stage.faults.echo = True
    stage.hardware.at_heal(lambda: _renumbered(stage))


def _fewer_channels(stage: Stage) -> None:
    board = stage.hardware.cabinet.boards[0]
    doors, board.doors = board.doors, board.doors[:2]
    stage.hardware.at_heal(lambda: setattr(board, "doors", doors))


_NOISE = LineFaults(drop=0.02, flip=0.02, insert=0.02)
for _name, _play, _but_not in (
    ("power cut before the pulse", _struck(_power_cut), ()),
    ("power cut at the pulse", _struck(_at_unlock(_power_cut)), ()),
    ("power cut after the pulse", _struck(_power_cut_after), ()),
    ("reply to the unlock lost", _struck(_at_unlock(_faults(LineFaults(lose_replies=1)))), ()),
    ("several replies lost", _struck(_at_unlock(_faults(LineFaults(lose_replies=6)))), ()),
    ("unlock lost", _struck(_faults(LineFaults(lose_requests=1))), ()),
    ("reply late", _struck(_at_unlock(_faults(LineFaults(delay_replies=2)))), ()),
    ("unsolicited frame before the reply", _struck(_at_unlock(_said(_unasked))), ()),
    ("stale bytes", _struck(_said(_stale)), ()),
    ("partial frame", _struck(_at_unlock(_said(_half))), ()),
    ("own bytes echoed", _struck(_echoing), ()),
    ("noise", _struck(_faults(_NOISE), is_honest=False), ()),
    ("replies doubled", _struck(_faults(LineFaults(duplicate=1.0))), ()),
    ("bytes arrive one by one", _struck(_faults(LineFaults(byte_by_byte=True)), is_honest=False), ()),
    ("A and B swapped", _struck(_faults(LineFaults(garble=Garble.SWAPPED))), ()),
    ("wrong baud", _struck(_faults(LineFaults(garble=Garble.WRONG_BAUD))), ()),
    ("cable pulled while waiting", _struck(_at_unlock(_unplugged)), ()),
    ("adapter gets another number", _struck(_at_unlock(_renumbered)), ()),
    ("another program on the port", _struck(_thief), ()),
    ("two boards with one address", _struck(_one_address, is_honest=False), ("modbus",)),
    ("board missing", _struck(_board_missing), ()),
    ("board restarted", _struck(_at_unlock(_board_rebooted)), ()),
    ("fewer channels than configured", _struck(_fewer_channels), ()),
):
    CATALOGUE.append(Failure(_name, _play, _but_not))
