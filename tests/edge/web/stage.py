"""The real web server over the fakes, in a process of its own: what browser tests and screenshots look at.

Run as `python -m tests.edge.web.stage DIR`. It prints one line of JSON (port, users), then obeys JSON lines on stdin
and answers each with one line. A process of its own keeps NiceGUI's globals and uvicorn's out of the test process.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from edge.domain.consent import ChosenName, Unfit
from edge.domain.dialogue_state import State
from edge.domain.level import Level
from edge.eye_ports import SittingTask
from edge.locker_ports import PrintOutcome, RefusalWhy, Refused, Step
from edge.ports import AlertState, CameraState, CounterPhase
from edge.queue_ports import Action
from edge.voice_ports import Scored, SoundLevel, Trace, Verdict
from edge.web.server import WebServer
from edge.web.site import LockerScreen, WebSettings
from edge.web.users import Role, UserBook, create_user
from tests.edge.web.fakes import MORNING, Centre, FakeClock, an_alert, nudge, strings
from tests.edge.web.guide_fakes import wish
from tests.edge.web.queue_fakes import at_once

PIN = "482915"
LANGUAGE_RESET_S = 10  # browser time: a test that wants it over moves the clock of its page


class Stage:
    def __init__(self, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        clock = FakeClock()
        clock.monotonic = loop.time  # type: ignore[method-assign]
        self.centre = Centre(clock)
        self.centre.fill()
        users = folder / "users.toml"
        self.users = {
            "quay-01": create_user(users, "quay-01", Role.OFFICER, PIN, ("quay-01",)),
            "lanh-dao-1": create_user(users, "lanh-dao-1", Role.LEADER, PIN),
            "ky-thuat": create_user(users, "ky-thuat", Role.TECHNICIAN, PIN),
        }
        settings = WebSettings(
            state_dir=folder, port=0, centre="Trung tâm Phục vụ hành chính công", thanks_s=4.0, statistics_pause_s=0.1,
            health_every_s=0.5, unclaimed_page_s=6.0, language_reset_s=LANGUAGE_RESET_S, queue_slip_s=8.0,
            locker=LockerScreen(
                name="Tủ nhận trả hồ sơ", help_phone="028 3822 1234", hours="7:30–11:30, 13:30–16:30", tick_s=0.2,
                code_shown_s=30.0,
            ),
        )  # fmt: skip
        self.server = WebServer(self.centre.desks, UserBook(users), strings(), settings)

    def greeting(self) -> dict[str, Any]:
        return {"port": self.server.port, "users": {name: user.totp_secret for name, user in self.users.items()}}

    def obey(self, order: dict[str, Any]) -> object:
        method = getattr(self, f"do_{order.pop('do')}")
        return method(**order)

    def do_counter(self, counter: str, **changes: Any) -> None:
        kinds = {"phase": CounterPhase, "camera": CameraState, "level": Level, "rating": Level}
        typed = {key: kinds[key](value) if key in kinds and value else value for key, value in changes.items()}
        if typed.get("nudge"):
            typed["nudge"] = nudge(Level(typed["nudge"]))
        self.centre.counters.put(counter, **typed)

    def do_alert(self, alert: str, counter: str) -> None:
        self.centre.alerts.put(an_alert(alert, counter, raised=MORNING, since=MORNING))

    def do_alert_state(self, alert: str) -> str:
        return self.centre.alerts.alerts[alert].state.value

    def do_agreement(self, both: int) -> None:
        self.centre.statistics.found = replace(self.centre.statistics.found, both=both)

    def do_said(self) -> dict[str, object]:
        counters, alerts = self.centre.counters, self.centre.alerts
        return {
            "ratings": counters.ratings,
            "opted_out": counters.opted_out,
            "contests": alerts.contests,
            "subscribers": len(counters.callbacks)
            + len(alerts.callbacks)
            + self.centre.locker.subscribers
            + self.centre.queue.subscribers
            + self.centre.guide.subscribers
            + len(self.centre.faces.callbacks),
            "owners": {alert.alert: alert.owner for alert in alerts.alerts.values()},
        }

    def do_identify(self, seconds: float) -> None:
        self.centre.identify.start(seconds)

    def do_identify_heard(self) -> bool:
        return self.centre.identify._heard.is_set()

    def do_break(self, is_broken: bool) -> None:
        self.centre.counters.is_broken = is_broken

    def do_opening(self, opening: str, step: str, printed: str | None = None, **changes: Any) -> None:
        changes |= {"printed": PrintOutcome(printed)} if printed else {}
        self.centre.locker.move(opening, Step(step), **changes)

    def do_refuse(self, why: str, wait_s: float | None = None) -> None:
        self.centre.locker.refusal = Refused(RefusalWhy(why), wait_s)

    def do_locker_new(self) -> None:
        self.centre.locker.make_new()
        self.centre.locker.tell()

    def do_trust(self, why: str | None = None) -> None:
        self.centre.locker.trust(why)

    def do_scan(self, text: str, at: str = "citizen") -> None:
        locker = self.centre.locker
        (locker.citizen if at == "citizen" else locker.staff).scanner.scan(text)

    def do_asked(self) -> list[tuple[object, ...]]:
        return self.centre.locker.asked

    def do_queue(self, counter: str, label: str, action: str) -> str | None:
        return at_once(self.centre.queue.desk.press(counter, label, Action(action)))

    def do_tickets(self) -> dict[str, str]:
        return {one.label: str(one.state) for one in self.centre.queue.desk._day.tickets.values()}

    def do_printed(self, works: bool | None = None) -> list[str]:
        printer = self.centre.queue.printer
        printer.works = printer.works if works is None else works
        return printer.printed

    def do_hear(self, wishes: list[str], is_sure: bool = True, code_said: str | None = None) -> None:
        """What the ears understood: `papers khai-sinh`, or nothing that is known."""
        self.centre.guide.ears.hear(*(wish(*one.split()) for one in wishes), is_sure=is_sure, code_said=code_said)

    def do_trace(self, text: str, verdict: str, scores: list[tuple[str, str, float]]) -> None:
        """What the ears heard just now, for a technician who looks."""
        found = tuple(Scored(*one) for one in scores)
        self.centre.guide.ears.show(Trace(text, found, Verdict(verdict), 0.04, 0.01, 2.1, 0.41))

    def do_levels(self, levels: list[tuple[float, float]]) -> int:
        """Loudness and speech as they come; how many look."""
        self.centre.guide.ears.show(*(SoundLevel(*one) for one in levels))
        return len(self.centre.guide.ears.lookers)

    def do_guide_scan(self, text: str) -> None:
        self.centre.guide.scanner.scan(text)

    def do_guide_challenge(self, task: str, is_first: bool = True) -> Awaitable[None]:
        """The camera knows who came, and asks that they show it."""
        return self.centre.guide.desk.challenge(SittingTask(task), is_first=is_first)

    def do_guide_greet(self, name: str) -> Awaitable[None]:
        return self.centre.guide.desk.greet(ChosenName.parse(name))

    def do_guide(self) -> dict[str, object]:
        """What the guide did and holds."""
        guide = self.centre.guide
        state = guide.desk.view().scene.state
        return {
            "stage": state.stage.value,
            "is_fresh": state == State("vi", turn=state.turn),
            "said": guide.mouth.said,
            "events": [(type(one).TYPE, msgspec.to_builtins(one)) for one in guide.ledger.events],
            "asked": [str(code) for code in guide.directory.asked],
        }

    def do_guide_waits(self) -> None:
        """Nobody does anything until the present stage's time is over."""
        guide = self.centre.guide.desk
        guide._state = replace(guide._state, until=guide._clock.monotonic())
        guide._moved.set()

    def do_faces(
        self, task: str | None = None, done: int = 0, hint: str | None = None, refused: str | None = None
    ) -> None:
        """The enrolment goes on to a task, is refused, or passes."""
        faces = self.centre.faces
        if task is not None:
            faces.ask(SittingTask(task), done, Unfit(hint) if hint else None)
        elif refused is not None:
            faces.refuse(Unfit(refused))
        else:
            faces.pass_()

    def do_faces_asked(self) -> list[tuple[str, ...]]:
        return self.centre.faces.asked

    def do_city(self, is_offline: bool) -> None:
        self.centre.guide.directory.is_offline = is_offline

    def do_hour(self, hour: int) -> None:
        """Today at another hour; 10 is when everything is open."""
        self.centre.clock.at = MORNING.replace(hour=hour)

    def do_pages(self) -> int:
        from nicegui import Client  # noqa: PLC0415 - only this order needs it

        return len(Client.instances)

    def do_unanswered(self, alert: str) -> None:
        self.centre.alerts.put(replace(self.centre.alerts.alerts[alert], state=AlertState.UNANSWERED))


async def main(folder: Path) -> None:
    stage = Stage(folder)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    serving = asyncio.create_task(stage.server.run())
    guiding = asyncio.create_task(stage.centre.guide.desk.run())
    looking = asyncio.create_task(stage.centre.guide.hearing.run())
    await stage.server.ready.wait()
    _say(stage.greeting())
    while line := await orders.readline():
        answer = stage.obey(json.loads(line))
        _say({"answer": await answer if isinstance(answer, Awaitable) else answer})
    serving.cancel()
    guiding.cancel()
    looking.cancel()
    await asyncio.wait([serving, guiding, looking])


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
