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
from devices.sms.smsd_files import PartFate, SpoolFile, parse, parse_report, render_outgoing, why_failed
from devices.sms.text import part_count

PREFIX = "mc-"  # our files among those that a technician drops into the same spool
LOCK = ".LOCK"
FLOW = ("outgoing", "checked", "sent", "failed", "unknown")  # the way a file can go; looked through in this order
MAX_PARTS = 10
SMSD_WRITES_FOR = timedelta(seconds=5)  # a file older than this is finished, whatever its Length header says


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """`max_waiting` files not yet sent; after `patience` a message without report stays UNKNOWN; markers live `memory`."""

    max_waiting: int = 200
    patience: timedelta = timedelta(hours=72)
    memory: timedelta = timedelta(days=30)


def quarantine(root: Path) -> list[str]:
    """Take aside what smsd was sending when it died, before it starts again; the refs taken.

    smsd would send a locked file again from its first part, although the phone may have it already. Call this only
    while no smsd works on `root`.
    """
    taken = []
    for lock in sorted((root / "checked").glob(f"{PREFIX}*{LOCK}")):
        message = lock.with_suffix("")
        if message.exists():
            message.replace(root / "unknown" / message.name)
            taken.append(message.name.removeprefix(PREFIX))
        lock.unlink()
    return taken


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
        self._limits = limits or SpoolLimits()
        self._clock = clock

    def put(self, sms: Outgoing) -> None:
        """Hand over unless this ref was handed over before. Raises SmsRefused, SmsUnavailable."""
        if part_count(sms.text) > MAX_PARTS:
            raise SmsRefused(f"more than {MAX_PARTS} parts")
        try:
            if not self._is_known(sms.ref):
                self._check_room()
                _write_durably(self._root / "tmp" / sms.ref, self._path("outgoing", sms.ref), render_outgoing(sms))
        except OSError as err:
            raise SmsUnavailable("the spool cannot be written") from err

    def pending(self) -> list[Update]:
        """Everything that happened and was not acknowledged. Raises SmsUnavailable when the spool is gone."""
        try:
            self._bind_reports()
            return [*self._delivery_updates(), *self._incoming()]
        except OSError as err:
            raise SmsUnavailable("the spool cannot be read") from err

    def acknowledge(self, update: Update) -> None:
        """Note it for good, then remove the texts that are no longer needed."""
        if isinstance(update, IncomingSms):
            self._mark(update.update_id, "read")
            for path in self._incoming_files().get(update.update_id, []):
                path.unlink(missing_ok=True)
            return
        self._mark(update.ref, update.status.value)
        if update.status.is_final or self._is_given_up(update.ref):
            self._forget(update.ref)

    def health(self) -> ChannelHealth:
        """Is an smsd running on this spool, and for how long does the oldest message wait for it."""
        waiting = [path.stat().st_mtime for path in self._waiting()]
        oldest_s = self._clock().timestamp() - min(waiting) if waiting else 0.0
        is_alive = self._is_smsd_alive()
        return ChannelHealth(is_alive, len(waiting), max(0.0, oldest_s), None if is_alive else "smsd_not_running")

    def purge(self) -> None:
        """Remove old markers, and what nobody claimed: orphan reports, half-written files, incoming data that is no text."""
        now = self._clock().timestamp()
        old, stale = self._limits.memory, self._limits.patience
        for folder, age in (("told", old), ("incoming", old), ("report", stale), ("tmp", stale)):
            for path in (self._root / folder).iterdir():
                if now - path.stat().st_mtime > age.total_seconds():
                    path.unlink(missing_ok=True)

    # --- what lies where ---

    def _path(self, folder: str, ref: str) -> Path:
        return self._root / folder / (PREFIX + ref)

    def _is_known(self, ref: str) -> bool:
        return any(self._path(folder, ref).exists() for folder in FLOW) or self._last_told(ref) is not None

    def _last_told(self, key: str) -> str | None:
        try:
            return (self._root / "told" / key).read_text("ascii")
        except FileNotFoundError:
            return None

    def _mark(self, key: str, word: str) -> None:
        _write_durably(self._root / "tmp" / f"{key}.told", self._root / "told" / key, word.encode("ascii"))

    def _forget(self, ref: str) -> None:
        for path in self._bound(ref):
            path.unlink(missing_ok=True)
        for folder in FLOW[2:]:
            self._path(folder, ref).unlink(missing_ok=True)

    def _waiting(self) -> list[Path]:
        folders = (self._root / name for name in FLOW[:2])
        return [path for folder in folders for path in folder.glob(f"{PREFIX}*") if not path.name.endswith(LOCK)]

    def _check_room(self) -> None:
        if len(self._waiting()) >= self._limits.max_waiting:
            raise SmsUnavailable("too many messages wait for smsd")

    def _is_smsd_alive(self) -> bool:
        try:
            os.kill(int((self._root / PID_FILE).read_text().strip()), 0)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return False
        except PermissionError:
            return True
        return True

    # --- what became of our messages ---

    def _delivery_updates(self) -> Iterator[DeliveryUpdate]:
        for folder in FLOW[2:]:
            for path in sorted((self._root / folder).glob(f"{PREFIX}*")):
                ref = path.name.removeprefix(PREFIX)
                told = self._last_told(ref)
                update = self._judge(ref, folder, parse(path.read_bytes()))
                if told in {SmsStatus.DELIVERED.value, SmsStatus.FAILED.value}:
                    self._forget(ref)  # we were killed between noting and removing
                elif update.status.value != told:
                    yield update
                elif update.status is SmsStatus.UNKNOWN and self._is_given_up(ref):
                    self._forget(ref)

    def _judge(self, ref: str, folder: str, file: SpoolFile) -> DeliveryUpdate:
        fates = [PartFate(path.suffix.removeprefix(".")) for path in self._bound(ref)]
        parts = len(file.message_ids) or part_count(file.text)
        delivered = fates.count(PartFate.DELIVERED)
        if delivered >= parts:
            return DeliveryUpdate(ref, SmsStatus.DELIVERED, parts, delivered)
        if PartFate.FAILED in fates:
            return DeliveryUpdate(ref, SmsStatus.FAILED, parts, delivered, "not_delivered")
        if folder == "failed":
            is_certain, why = why_failed(file)
            return DeliveryUpdate(ref, SmsStatus.FAILED if is_certain else SmsStatus.UNKNOWN, parts, delivered, why)
        if folder == "unknown":
            return DeliveryUpdate(ref, SmsStatus.UNKNOWN, parts, delivered, "interrupted")
        if self._is_given_up(ref):
            return DeliveryUpdate(ref, SmsStatus.UNKNOWN, parts, delivered, "no_report")
        return DeliveryUpdate(ref, SmsStatus.SUBMITTED, parts, delivered)

    def _is_given_up(self, ref: str) -> bool:
        ages = [self._age(self._path(folder, ref)) for folder in FLOW[2:] if self._path(folder, ref).exists()]
        return any(age > self._limits.patience for age in ages)

    def _age(self, path: Path) -> timedelta:
        return timedelta(seconds=self._clock().timestamp() - path.stat().st_mtime)

    # --- reports: each is tied to its message once, by renaming it into bound/ ---

    def _bound(self, ref: str) -> list[Path]:
        return sorted((self._root / "bound").glob(f"{ref}.*.*"))

    def _bind_reports(self) -> None:
        for path in sorted((self._root / "report").iterdir(), key=lambda one: one.stat().st_mtime):
            report = parse_report(parse(path.read_bytes()))
            if report is None or report.fate is PartFate.TRYING:
                continue
            ref = self._ref_of(report.number, report.message_id)
            if ref is not None:
                path.replace(self._root / "bound" / f"{ref}.{report.message_id}.{report.fate.value}")

    def _ref_of(self, number: str, message_id: int) -> str | None:
        """The message this part belongs to: TP-MR wraps at 256, so the newest one to that number that still waits.

        A message that smsd sent without noting its ids (killed, no answer) takes what fits nobody else; a report for
        a technician's own file fits that file and stays where it is.
        """
        unsure: list[str] = []
        for path, file in self._newest_first():
            ref = path.name.removeprefix(PREFIX)
            if file.headers.get("To", "").replace(" ", "") != number:
                continue
            is_open = not any(bound.name.split(".")[1] == str(message_id) for bound in self._bound(ref))
            if message_id in file.message_ids and is_open:
                return ref if path.name.startswith(PREFIX) else None
            if path.parent.name != "sent" and is_open and len(self._bound(ref)) < part_count(file.text):
                unsure.append(ref)
        return unsure[-1] if unsure else None

    def _newest_first(self) -> list[tuple[Path, SpoolFile]]:
        paths = [path for folder in FLOW[2:] for path in (self._root / folder).iterdir()]
        return [(path, parse(path.read_bytes())) for path in sorted(paths, key=lambda one: -one.stat().st_mtime)]

    # --- what phones sent us ---

    def _incoming(self) -> Iterator[IncomingSms]:
        for key, paths in self._incoming_files().items():
            if self._last_told(key) is not None:
                for path in paths:
                    path.unlink(
                        missing_ok=True
                    )  # a copy of one already acknowledged, or we were killed before removing
                continue
            file = parse(paths[0].read_bytes())
            yield IncomingSms(key, file.sender, file.text, self._received_at(file, paths[0]))

    def _incoming_files(self) -> dict[str, list[Path]]:
        """Finished files by what they say: the same message stored in two memories of the modem is one."""
        found: dict[str, list[Path]] = {}
        for path in sorted((self._root / "incoming").iterdir()):
            file = parse(path.read_bytes())
            is_finished = file.is_complete or self._age(path) > SMSD_WRITES_FOR
            if "From" in file.headers and is_finished and not file.is_binary:
                found.setdefault(_key_of(file), []).append(path)
        return found

    def _received_at(self, file: SpoolFile, path: Path) -> datetime:
        """Smsd's own clock, in this machine's zone; the network's time carries no zone in smsd's files."""
        try:
            return datetime.strptime(file.headers.get("Received", ""), "%y-%m-%d %H:%M:%S").astimezone()
        except ValueError:
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _key_of(file: SpoolFile) -> str:
    said = "\0".join((file.headers.get("From", ""), file.headers.get("Sent", ""), file.text))
    return f"in-{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def _write_durably(fresh: Path, final: Path, content: bytes) -> None:
    """Whole or not at all, and still there after a power cut: file, rename and folder are synced."""
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
