"""The spool that smstools' smsd works through, as plain file operations. `SmsdChannel` runs them in a thread.

Nothing is remembered in memory: a ref is known by the file that carries it, a status by what lies where.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devices.sms.channel import (
    ChannelHealth,
    DeliveryUpdate,
    IncomingSms,
    Outgoing,
    SmsRefused,
    SmsStatus,
    SmsUnavailable,
    Update,
)
from devices.sms.smsd_config import PID_FILE
from devices.sms.smsd_files import PartFate, SpoolFile, render_outgoing, why_failed
from devices.sms.smsd_reports import FLOW, PREFIX, Reports, handled, parts_of
from devices.sms.spool_folder import LOCK, Seen, is_ours, look, sync_folder, take_away, write_durably
from devices.sms.text import part_count

MAX_PARTS = 10
TAKEN_BACK = "taken_back"  # beside the statuses in `told`
SMSD_WRITES_FOR = timedelta(seconds=5)  # a file older than this is finished, whatever its Length header says


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """`max_waiting` files not yet sent; after `patience` a message without report stays UNKNOWN; markers live `memory`."""

    max_waiting: int = 200
    patience: timedelta = timedelta(hours=72)
    memory: timedelta = timedelta(days=30)


def quarantine(root: Path) -> list[str]:
    """Take aside what smsd was sending when it died, before it starts again; the refs taken.

    smsd would send a locked file again from its first part, although the phone may have it already. What we were taking
    back when we died goes first. Call this only while no smsd works on `root`.
    """
    _end_takings(root)
    taken = []
    for lock in sorted((root / "checked").glob(f"{PREFIX}*{LOCK}")):
        message = lock.with_suffix("")
        if message.exists():
            message.replace(root / "unknown" / message.name)
            sync_folder(root / "unknown")
            sync_folder(root / "checked")
            taken.append(message.name.removeprefix(PREFIX))
        lock.unlink()
    return taken


def _end_takings(root: Path) -> None:
    """Our own lock would keep the message, its text and its number there for ever."""
    for lock in [one for name in FLOW[:2] for one in (root / name).glob(f"{PREFIX}*{LOCK}")]:
        message = lock.with_suffix("")
        if is_ours(lock) and _told(root, message.name.removeprefix(PREFIX)) == TAKEN_BACK:
            message.unlink(missing_ok=True)
        if not message.exists():
            lock.unlink()
        sync_folder(lock.parent)


class SmsdSpool:
    """One spool root, made by `make_spool`. Blocking; one caller at a time."""

    def __init__(
        self,
        root: Path,
        *,
        limits: SpoolLimits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._root = root
        self._reports = Reports(root)
        self._limits = limits or SpoolLimits()
        self._clock = clock

    def put(self, sms: Outgoing) -> None:
        """Hand over unless this ref was handed over before. Raises SmsRefused, SmsUnavailable."""
        if part_count(sms.text) > MAX_PARTS:
            raise SmsRefused(f"more than {MAX_PARTS} parts")
        try:
            if not self._is_known(sms.ref):
                self._check_room()
                write_durably(self._root / "tmp" / sms.ref, self._path("outgoing", sms.ref), render_outgoing(sms))
        except OSError as err:
            raise SmsUnavailable("the spool cannot be written") from err

    def take_back(self, ref: str) -> bool:
        """Remove what waits for smsd and is not in its hands; the ref stays known. Also True when asked again. Raises SmsUnavailable."""
        try:
            waiting = [path for path in (self._path(name, ref) for name in FLOW[:2]) if path.exists()]
            if waiting:
                self._mark(ref, TAKEN_BACK)
            for path in waiting:
                take_away(path)
            return self._last_told(ref) == TAKEN_BACK and not any(self._path(name, ref).exists() for name in FLOW)
        except OSError as err:
            raise SmsUnavailable("the spool cannot be written") from err

    def pending(self) -> list[Update]:
        """Everything that happened and was not acknowledged. Raises SmsUnavailable when the spool is gone."""
        try:
            self._reports.bind()
            return [*self._delivery_updates(), *self._incoming()]
        except OSError as err:
            raise SmsUnavailable("the spool cannot be read") from err

    def acknowledge(self, update: Update) -> None:
        """Note it for good, then remove the texts that are no longer needed. Raises SmsUnavailable: it comes again."""
        try:
            if isinstance(update, IncomingSms):
                self._read(update.update_id)
            else:
                self._mark(update.ref, update.status.value)
                if update.status.is_final:
                    self._forget(update.ref)
        except OSError as err:
            raise SmsUnavailable("the spool cannot be written") from err

    def health(self) -> ChannelHealth:
        """Is an smsd running on this spool, and for how long does the oldest message wait for it."""
        try:
            waiting = self._waiting()
        except OSError:
            return ChannelHealth(is_alive=False, why="spool_gone")
        oldest_s = self._clock().timestamp() - min(waiting) if waiting else 0.0
        is_alive = self._is_smsd_alive()
        return ChannelHealth(is_alive, len(waiting), max(0.0, oldest_s), None if is_alive else "smsd_not_running")

    def purge(self) -> None:
        """Remove old markers, and what nobody claimed: orphan reports, half-written files, incoming data that is no text.

        Raises SmsUnavailable when the spool is gone.
        """
        old, stale = self._limits.memory.total_seconds(), self._limits.patience.total_seconds()
        try:
            for folder, age_s in (("told", old), ("incoming", old), ("report", stale), ("tmp", stale)):
                for seen in [one for one in look(self._root / folder) if self._age_s(one) > age_s]:
                    seen.path.unlink(missing_ok=True)
        except OSError as err:
            raise SmsUnavailable("the spool cannot be read") from err

    # --- what lies where ---

    def _path(self, folder: str, ref: str) -> Path:
        return self._root / folder / (PREFIX + ref)

    def _is_known(self, ref: str) -> bool:
        return any(self._path(folder, ref).exists() for folder in FLOW) or self._last_told(ref) is not None

    def _last_told(self, key: str) -> str | None:
        return _told(self._root, key)

    def _mark(self, key: str, word: str) -> None:
        write_durably(self._root / "tmp" / f"{key}.told", self._root / "told" / key, word.encode("ascii"))

    def _read(self, key: str) -> None:
        self._mark(key, "read")
        for seen in self._incoming_files().get(key, []):
            seen.path.unlink(missing_ok=True)

    def _forget(self, ref: str) -> None:
        for path in self._reports.bound(ref):
            path.unlink(missing_ok=True)
        for folder in FLOW[2:]:
            self._path(folder, ref).unlink(missing_ok=True)

    def _waiting(self) -> list[float]:
        """When each of the messages that smsd has not sent was handed over; the one in its hands is not among them."""
        seen = [one for name in FLOW[:2] for one in look(self._root / name)]
        return [one.written_at for one in seen if one.path.name.startswith(PREFIX)]

    def _check_room(self) -> None:
        if len(self._waiting()) >= self._limits.max_waiting:
            raise SmsUnavailable("too many messages wait for smsd")

    def _is_smsd_alive(self) -> bool:
        """A power cut leaves the file behind, and its number to any other program."""
        try:
            pid = int((self._root / PID_FILE).read_text("ascii"))
            os.kill(pid, 0)
            return _name_of(pid) == "smsd"
        except PermissionError:  # another user's
            return _name_of(pid) in {"smsd", None}
        except (OSError, ValueError):
            return False

    # --- what became of our messages ---

    def _delivery_updates(self) -> Iterator[DeliveryUpdate]:
        for seen in handled(self._root):
            if not seen.path.name.startswith(PREFIX):
                continue
            ref = seen.path.name.removeprefix(PREFIX)
            told = self._last_told(ref)
            update = self._judge(ref, seen)
            if told in {SmsStatus.DELIVERED.value, SmsStatus.FAILED.value}:
                self._forget(ref)  # we were killed between noting and removing
            elif update.status.value != told:
                yield update
            elif update.status is SmsStatus.UNKNOWN and self._is_given_up(seen):
                self._forget(ref)

    def _judge(self, ref: str, seen: Seen) -> DeliveryUpdate:
        fates = [PartFate(path.suffix.removeprefix(".")) for path in self._reports.bound(ref)]
        parts = parts_of(seen.file)
        delivered = fates.count(PartFate.DELIVERED)
        status, why = self._status(seen, fates, parts)
        return DeliveryUpdate(ref, status, parts, delivered, why)

    def _status(self, seen: Seen, fates: list[PartFate], parts: int) -> tuple[SmsStatus, str | None]:
        if fates.count(PartFate.DELIVERED) >= parts:
            return SmsStatus.DELIVERED, None
        if PartFate.FAILED in fates:
            return SmsStatus.FAILED, "not_delivered"
        folder = seen.path.parent.name
        if folder == "failed":
            is_certain, why = why_failed(seen.file)
            return SmsStatus.FAILED if is_certain else SmsStatus.UNKNOWN, why
        if folder == "unknown":
            return SmsStatus.UNKNOWN, "interrupted"
        return (SmsStatus.UNKNOWN, "no_report") if self._is_given_up(seen) else (SmsStatus.SUBMITTED, None)

    def _is_given_up(self, seen: Seen) -> bool:
        return self._age_s(seen) > self._limits.patience.total_seconds()

    def _age_s(self, seen: Seen) -> float:
        return self._clock().timestamp() - seen.written_at

    # --- what phones sent us ---

    def _incoming(self) -> Iterator[IncomingSms]:
        for key, copies in self._incoming_files().items():
            if self._last_told(key) is None:
                first = copies[0]
                yield IncomingSms(key, first.file.sender, first.file.text, _received_at(first))
                continue
            for seen in copies:
                seen.path.unlink(missing_ok=True)  # a late copy, or we were killed between noting and removing

    def _incoming_files(self) -> dict[str, list[Seen]]:
        """Finished files by what they say: the same message stored in two memories of the modem is one."""
        found: dict[str, list[Seen]] = {}
        for seen in look(self._root / "incoming"):
            is_finished = seen.file.is_complete or self._age_s(seen) > SMSD_WRITES_FOR.total_seconds()
            if "From" in seen.file.headers and is_finished and not seen.file.is_binary:
                found.setdefault(_key_of(seen.file), []).append(seen)
        return found


def _told(root: Path, key: str) -> str | None:
    try:
        return (root / "told" / key).read_text("ascii")
    except FileNotFoundError:
        return None


def _name_of(pid: int) -> str | None:
    """None where a hardened service may not look at other users' processes."""
    try:
        return Path(f"/proc/{pid}/comm").read_text("ascii", "replace").strip()
    except OSError:
        return None


def _received_at(seen: Seen) -> datetime:
    """Smsd's own clock, in this machine's zone; the network's time carries no zone in smsd's files."""
    try:
        return datetime.strptime(seen.file.headers.get("Received", ""), "%y-%m-%d %H:%M:%S").astimezone()
    except ValueError:
        return datetime.fromtimestamp(seen.written_at, UTC)


def _key_of(file: SpoolFile) -> str:
    said = "\0".join((file.headers.get("From", ""), file.headers.get("Sent", ""), file.text))
    return f"in-{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
