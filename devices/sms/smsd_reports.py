"""Which message a delivery report belongs to. The spool calls this.

Each report is tied to its message once, by renaming it into `bound/` as REF.MESSAGE_ID.FATE.
"""

from contextlib import suppress
from pathlib import Path

from devices.sms.smsd_files import PartFate, SpoolFile, parse_report
from devices.sms.spool_folder import Seen, look, look_at_locked
from devices.sms.text import part_count

PREFIX = "mc-"  # our files among those that a technician drops into the same spool
FLOW = ("outgoing", "checked", "sent", "failed", "unknown")  # the way a file can go; looked through in this order


def handled(root: Path) -> list[Seen]:
    """The messages that smsd is done with, ours and a technician's."""
    return [seen for folder in FLOW[2:] for seen in look(root / folder)]


def parts_of(file: SpoolFile) -> int:
    """How many parts the text has; smsd may have noted fewer (no answer from the modem), or cut it into more."""
    return max(len(file.message_ids), part_count(file.text))


class Reports:
    """The reports in one spool. Blocking; OSError when the spool is gone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def bound(self, ref: str) -> list[Path]:
        """The reports tied to this message; the suffix is a `PartFate`."""
        return sorted((self._root / "bound").glob(f"{ref}.*.*"))

    def bind(self) -> None:
        """Tie every final report to its message, as far as one can be told."""
        for seen in look(self._root / "report"):
            report = parse_report(seen.file)
            if report is None or report.fate is PartFate.TRYING:
                continue
            ref = self._ref_of(report.number, report.message_id)
            if ref is not None:
                with suppress(FileNotFoundError):  # smsd has just renamed it; the next look finds it
                    seen.path.replace(self._root / "bound" / f"{ref}.{report.message_id}.{report.fate.value}")

    def _ref_of(self, number: str, message_id: int) -> str | None:
        """The message this part belongs to: TP-MR wraps at 256, so the newest one to that number that still waits.

        A message of which smsd did not note every id (killed, no answer) takes what fits nobody else. A report may come
        before smsd has noted the ids, so it waits while smsd has a message to its number in its hands. One that could be
        of two messages stays unused, because a false DELIVERED is worse than UNKNOWN; so does one for a technician's file.
        """
        is_in_hand = self._has_in_hand(number)
        unsure: list[Seen] = []
        for seen in self._handled_for(number):
            bound = self.bound(seen.path.name.removeprefix(PREFIX))
            if any(path.name.split(".")[1] == str(message_id) for path in bound):
                continue
            if message_id in seen.file.message_ids:
                return _own_ref(seen)
            if len(seen.file.message_ids) < parts_of(seen.file) > len(bound):
                unsure.append(seen)
        return _own_ref(unsure[0]) if len(unsure) == 1 and not is_in_hand else None

    def _handled_for(self, number: str) -> list[Seen]:
        """What went to `number`, newest first."""
        found = (seen for seen in handled(self._root) if seen.file.recipient == number)
        return sorted(found, key=lambda seen: -seen.written_at)

    def _has_in_hand(self, number: str) -> bool:
        in_hand = (seen for folder in FLOW for seen in look_at_locked(self._root / folder))
        return any(seen.file.recipient == number for seen in in_hand)


def _own_ref(seen: Seen) -> str | None:
    name = seen.path.name
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None
