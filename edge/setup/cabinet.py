"""The cabinet: which boards, how many locks, what stands on which door."""

from typing import Any

from config.locker import Locker
from devices.errors import DeviceError
from edge.cli_locker_map import Hands, Walk, feedback_of, walk
from edge.setup.bench_line import open_bench
from edge.setup.boards import ask_boards
from edge.setup.job import Job, NothingToWrite
from edge.setup.journal_before import CabinetBefore
from edge.setup.layout import MOST_COLUMNS, Door, columns_for, compartments, in_order, resized
from edge.setup.rules import as_typed, rule, some_of, whole
from edge.setup.terminal import Terminal

NAME = "Tủ hồ sơ 24/7"
NONE = "0"


async def ask_cabinet(job: Job, past: CabinetBefore) -> None:
    """Once it is in service its doors are opened under a name, by the agent's own rules, and told in its journal."""
    job.heading("The cabinet")
    locker, terminal = job.section("locker"), job.terminal
    locker["name"] = await terminal.ask("Its name on the screen", rule(Locker, "name"), locker.get("name", NAME))
    phone = locker.get("help_phone")
    fallback = "1022" if job.base.is_new or phone is None else phone
    locker["help_phone"] = await terminal.ask("Telephone number on every refusal, beside 1022", as_typed(Locker, "help_phone"), fallback)  # fmt: skip
    boards, before = await ask_boards(job), locker.get("compartments", {})
    locker["boards"] = boards
    doors = in_order(boards)
    are_known = bool(before) and {(one.board, one.channel) for one in doors} >= {
        (row.get("board"), row.get("channel")) for row in before.values()
    }
    if not are_known and not past.is_empty:
        raise NothingToWrite(
            "something lies in this cabinet, and this file does not know its doors: put back the file that it was loaded under"
            f" (perhaps {job.file}.before), or take everything out by it first, then run this again"
        )
    mapped = await _mapped(job, doors, before if are_known else {}, past)
    if mapped is None and are_known:
        terminal.tell(f"The {len(before)} doors of the configuration stay as they are.")
        return
    if mapped is None:
        job.leave(
            "the doors are numbered as the channels are; this opens each once and prints what stands where",
            job.map_doors,
        )
    doors = doors if mapped is None else mapped
    if not doors:
        raise NothingToWrite("no door opened: see the locks' power and wires, then run this again")
    locker["compartments"] = await _laid_out(job, doors, before if are_known else {})


# --- every door once ---


async def _mapped(job: Job, doors: list[Door], before: dict[str, Any], past: CabinetBefore) -> list[Door] | None:
    """The doors as they were seen, None where nobody opened them."""
    terminal = job.terminal
    if not terminal.is_attended:
        return None
    if past.has_served:
        terminal.tell("This cabinet has been in service: its doors are opened by the running agent only, under a name:")
        terminal.tell_command(f"  {job.map_doors}")
        return None
    terminal.tell(f"Each of the {len(doors)} locks can be opened once now, to see which number stands on its door.")
    terminal.tell("Somebody must stand at the cabinet, say the number and close the door again.")
    terminal.listen_anew()
    while await terminal.confirm("Open the doors now, one after the other", default=False):
        try:
            return await _walked(job, _in_config_order(doors, before))
        except DeviceError as error:
            terminal.warn(f"the doors were left where they are: {error}. See the cable and the board's power")
    return None


def _in_config_order(doors: list[Door], before: dict[str, Any]) -> list[Door]:
    """What the configuration says of a channel is what is expected to stand on its door."""
    known = {(row["board"], row["channel"]): row for row in before.values()}
    found = []
    for one in doors:
        row = known.get((one.board, one.channel))
        found.append(Door(one.board, one.channel, row["number"], row.get("feedback", "closed_short")) if row else one)
    return found


async def _walked(job: Job, doors: list[Door]) -> list[Door]:
    terminal = job.terminal
    provisional = {f"lock-{number}": one for number, one in enumerate(doors, 1)}
    rows = {  # a picture that nobody sees
        key: {"board": one.board, "channel": one.channel, "number": str(place), "row": place % 99, "column": place // 99,
              "feedback": one.feedback}
        for place, (key, one) in enumerate(provisional.items())
    }  # fmt: skip
    locker = Locker.model_validate({"name": NAME, "boards": job.table["locker"]["boards"], "compartments": rows})
    hands = _Hands(terminal, {key: one.number for key, one in provisional.items()}, len(doors))
    async with open_bench(locker, hands.tell, terminal.entered) as line:
        done = await walk(line, locker.compartments, hands, as_json=False)
    _tell_wires(job, done, provisional)
    return [
        Door(provisional[one.pulsed].board, provisional[one.pulsed].channel, one.number,
             feedback_of(one, locker.compartments[one.pulsed], done.inverted))
        for one in done.found if one.number is not None
    ]  # fmt: skip


def _tell_wires(job: Job, done: Walk, doors: dict[str, Door]) -> None:
    """A lock on one channel and its contact on another cannot be configured: the wires must be changed."""
    wrong = [one for one in done.found if one.number is not None and not one.is_as_wired]
    for one in wrong:
        seen = ", ".join(f"channel {doors[key].channel} of {doors[key].board}" for key in one.moved) or "no contact"
        door = doors[one.pulsed]
        job.leave(
            f"door {one.number}: its lock is on channel {door.channel} of {door.board}, but {seen} told that it opened:"
            f" put its contact's wires there, then open each door once more",
            job.map_doors,
        )


class _Hands(Hands):
    """The technician at the cabinet, asked by the wizard's own terminal."""

    def __init__(self, terminal: Terminal, expected: dict[str, str], count: int) -> None:
        self._terminal = terminal
        self._expected = expected
        self._count = count
        self._given: dict[str, str] = {}
        self._at = ""

    async def ready(self, sentence: str) -> None:
        self._terminal.listen_anew()
        self._terminal.tell(sentence)
        await self._terminal.entered()

    def tell(self, sentence: str) -> None:
        if sentence == "close it":
            sentence = "close it (Enter goes on without)"
        key, _, rest = sentence.partition(": ")
        self._at = key if key in self._expected else self._at
        where = f"lock {key.removeprefix('lock-')} of {self._count}: {rest}" if key in self._expected else sentence
        self._terminal.tell(f"  {where}")

    async def number(self, expected: str, moved: tuple[str, ...]) -> str | None:  # noqa: ARG002 - ours is the door's own
        """A number that was given already, or a door that nobody saw, is asked again."""
        default = self._expected[self._at] if moved else NONE
        if default in self._given:
            default = NONE if not moved else ""
        self._terminal.listen_anew()
        question = f"  Which number stands on the door that opened ({NONE} if none opened)"
        answer = await self._terminal.ask(question, self._checked, default or None)
        if answer == NONE:
            return None
        self._given[answer] = self._at
        return answer

    def _checked(self, text: str) -> str:
        if text == NONE:
            return text
        if not 1 <= len(text) <= 6:
            msg = "1 to 6 letters or digits, as they stand on the door"
            raise ValueError(msg)
        padded = text.zfill(len(self._expected[self._at])) if text.isdecimal() else text
        answer = padded if padded in self._expected.values() else text
        if answer in self._given:
            msg = f"{answer} opened at {self._given[answer].replace('lock-', 'lock ')} already: look again"
            raise ValueError(msg)
        return answer


# --- the picture ---


async def _laid_out(job: Job, doors: list[Door], before: dict[str, Any]) -> dict[str, Any]:
    terminal = job.terminal
    known = {row.get("number") for row in before.values()}
    if before and all(one.number in known for one in doors):
        return compartments(doors, before, 1)
    columns = await terminal.ask(
        "How many doors stand side by side", whole(1, MOST_COLUMNS), str(columns_for(len(doors)))
    )
    down = columns > 1 and await terminal.confirm(
        "Do the numbers run down the columns (else along the rows)", default=False
    )
    rows = compartments(doors, before, columns, down=down)
    numbers = sorted((one.number for one in doors), key=lambda number: (len(number), number))
    for question, name, value in (
        ("Numbers of the doors of medium size (Enter for none)", "size", "medium"),
        ("Numbers of the large doors (Enter for none)", "size", "large"),
        ("Numbers of the doors that a wheelchair user reaches (Enter for none)", "low", True),
    ):
        resized(rows, await terminal.ask(question, some_of(numbers), ""), name, value)
    if any("size" in row for row in rows.values()):
        job.leave(
            "the picture draws every door one cell large: give the larger ones `rows` and `columns` ([locker.compartments.*])"
        )
    return rows
