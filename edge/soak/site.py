"""One simulated cabinet with its people, its telephones, its journal and everybody who watches. Both legs of a campaign use it."""

import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from time import monotonic

from edge.locker_ports import CabinetView
from edge.soak.audit import Auditor
from edge.soak.desk import Desk
from edge.soak.hardware import BOARDS, Hardware, compartments_text
from edge.soak.orders import KEYPAD, OTHER_KEYPAD
from edge.soak.papers import Where
from edge.soak.post_office import PostOffice
from edge.soak.promises import Promise, Promises
from edge.soak.town import Town
from edge.soak.witness import Witness
from sync.schema import JOURNAL_FILE

APART_S = 0.29  # 300 ms from the end of one unlock to the next, less what a loop may be late


class Site:
    """`folder` must exist. The hardware is entered by whoever uses the site."""

    def __init__(self, family: str, folder: Path, seed: int) -> None:
        self.family, self.folder = family, folder
        self.data = folder / "data"
        self.config = folder / "motcua.toml"
        self.chance = Random(seed)
        self.promises = Promises()
        self.post = PostOffice(folder)
        self.hardware = Hardware(family, folder / "line", seed=seed)
        self.witness = Witness()
        self.town = Town(self.chance, self.post.phones.texts, self.hardware, self.promises)
        self.auditor = Auditor(self.data, self.witness, self.promises)
        self.line_is_honest = True  # False while a fault may make another frame of an unlock
        self._read: set[int] = set()  # boards that were asked for all doors since the last start
        self._unlocks: Counter[str] = Counter()
        self._unlocked_s = 0.0
        self.hardware.on_unlock = self._unlock
        self.hardware.on_read = self._read.add
        self.hardware.on_move = self._moved
        self.write_config()

    def write_config(self, *, without: str | None = None) -> None:
        """`without`: leave one compartment out."""
        text = f'[agent]\nsite = "soak"\ndevice = "{self.family}"\ndata_dir = "{self.data}"\n'
        text += f'[locker]\nname = "Tủ"\nkeypads = ["{KEYPAD}", "{OTHER_KEYPAD}"]\n' + compartments_text(
            self.hardware, without=without
        )
        self.config.write_text(text, encoding="utf-8")

    def starts(self) -> None:
        """An agent is about to start: nothing may open before it has read every board."""
        self._read.clear()
        self._unlocked_s = 0.0  # a new process takes longer to start than the pause

    # --- what must be so when nothing moves ---

    async def check(self, desk: Desk) -> CabinetView:
        """Journal, doors, papers and the officer's picture agree. Raise AgentGone."""
        self.audit()
        cabinet = await self.town.look(desk)
        self.town.check(cabinet)
        return cabinet

    def audit(self) -> None:
        self.auditor.look(monotonic())
        told, self.town.told = self.town.told, []
        for kind, name in told:
            self.promises.hold(Promise.KEPT, self.auditor.knows(kind, name), f"{kind} was told, the journal has it not")

    def close_books(self) -> None:
        """At the very end: every paper is where the journal says that it went."""
        self.audit()
        self.auditor.verify()
        for paper in self.town.papers.values():
            times = self.auditor.collected[paper.name]
            self.promises.hold(Promise.ONCE, times <= 1, f"a result was collected {times} times")
            is_gone = paper.where in {Where.TAKEN, Where.WITH_STAFF}
            self.promises.hold(Promise.NOT_INVENTED, times == 0 or is_gone, f"collected, and it is {paper.where.value}")

    def stands_still(self, what: str, stacks: str) -> None:
        """Something did not come to its end."""
        print(f"{self.family}, {what}: stands still\n{stacks}", file=sys.stderr, flush=True)
        self.promises.hold(Promise.ENDS, held=False, what=f"{self.family}, {what}: hung")

    # --- hooks of the hardware ---

    def _unlock(self, compartment: str) -> None:
        """A frame that opens a door is about to reach its board."""
        now_s = monotonic()
        self.witness.pulsed(compartment)
        self._unlocks[compartment] += 1
        if not self.line_is_honest:
            return
        rows = self.authorised(compartment)
        what = f"{compartment}: {self._unlocks[compartment]} unlocks, {rows} authorisations"
        self.promises.hold(Promise.AUTHORISED, rows >= self._unlocks[compartment], what)
        boards = set(BOARDS[self.family])
        self.promises.hold(Promise.READ_FIRST, boards <= self._read, f"{compartment}: only {self._read} were read")
        apart_s = now_s - self._unlocked_s
        self.promises.hold(Promise.APART, apart_s >= APART_S, f"{compartment}: {apart_s:.3f} s after the unlock before")
        self._unlocked_s = now_s

    def _moved(self, compartment: str, is_open: bool) -> None:  # noqa: FBT001 - a callback's own signature
        self.witness.moved(compartment, is_open=is_open)
        self.town.door_moved(compartment, is_open=is_open)

    def authorised(self, compartment: str) -> int:
        """How many pulses of this door stand authorised on the disk, by another connection than the agent's."""
        with closing(sqlite3.connect(f"file:{self.data / JOURNAL_FILE}?mode=ro", uri=True)) as connection:
            query = "SELECT count(*) FROM locker_authorisations WHERE compartment = ?"
            return int(connection.execute(query, (compartment,)).fetchone()[0])
