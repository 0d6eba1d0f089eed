"""New model files by order of the city: a manifest it signed, pulled by SHA-256 behind the back, used from the next start on.

A pull that was killed goes on where it was; `models.fetch` proves every byte.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from edge.adapters.command_doers import args_of
from edge.adapters.model_files import ModelFolders
from edge.command_ports import Later, Task
from edge.domain.command import CommandRefusal
from models import fetch
from sync.commands import is_manifest_signed

log = logging.getLogger(__name__)
WAITING_AT_MOST = 4  # orders; the newest is refused as busy
TRIES, PAUSE_S = 5, 60.0  # a mirror that is away comes back; then the city is told


class ModelsArgs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest`: the text of a file like `models/manifest.toml`; `signature` (hex) by the city's key."""

    manifest: Annotated[str, msgspec.Meta(min_length=1, max_length=500_000)]
    signature: Annotated[str, msgspec.Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class _Job:
    """Its folder is made when it is its turn: the one before sweeps up what is not in use."""

    command: str
    manifest: str


class ModelUpdates:
    """`edge.command_ports.Doer` of `models.update`; `run` pulls, one after the other, under the supervisor."""

    def __init__(
        self, data_dir: Path, city_key: str | None, finish: Callable[[str, CommandRefusal | None], Awaitable[None]],
        mirror: Path | None = None, *, tries: int = TRIES, pause_s: float = PAUSE_S,
    ) -> None:  # fmt: skip
        self._folders = ModelFolders(data_dir)
        self._city_key = city_key
        self._finish = finish
        self._mirror = mirror
        self._tries, self._pause_s = tries, pause_s
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(WAITING_AT_MOST)

    async def __call__(self, task: Task) -> CommandRefusal | None:
        args = args_of(task, ModelsArgs)
        if not is_manifest_signed(args.manifest, self._city_key or "", args.signature):
            return CommandRefusal.MANIFEST_UNSIGNED
        if self._jobs.full():
            return CommandRefusal.BUSY
        try:
            await asyncio.to_thread(self._folders.read, args.manifest)
        except fetch.BadManifest as error:
            log.warning("models: the city's manifest cannot be used: %s", error)
            return CommandRefusal.MANIFEST_INVALID
        self._jobs.put_nowait(_Job(task.id, args.manifest))
        raise Later

    async def run(self) -> None:
        while True:
            job = await self._jobs.get()
            why = await self._pulled(job)
            await self._finish(job.command, why)
            log.info("models: command %s %s", job.command, why or "used from the next start on")

    async def _pulled(self, job: _Job) -> CommandRefusal | None:
        for turn in range(self._tries):
            try:
                await _in_thread(lambda: self._pull(job))
            except (fetch.DiskFull, fetch.CacheUnusable, OSError) as error:
                log.warning("models: %s", error)
                await asyncio.to_thread(self._folders.forget, job.manifest)
                return CommandRefusal.MODELS_NO_ROOM
            except fetch.ModelFileError as error:
                log.warning("models: try %d of %d: %s", turn + 1, self._tries, error)
                await asyncio.sleep(self._pause_s)
            else:
                return None
        return CommandRefusal.MODELS_UNREACHABLE

    def _pull(self, job: _Job) -> None:
        folder, manifest = self._folders.fresh(job.manifest)
        fetch.pull("all", folder, self._mirror, manifest=manifest)
        self._folders.use(folder)


async def _in_thread(work: Callable[[], None]) -> None:
    """In a thread that nobody waits for at the end: a pull may take an hour, and the next start goes on with it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(None)

    def run() -> None:
        failed: BaseException | None = None
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - carried to the coroutine that waits for this thread
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, failed)

    threading.Thread(target=run, name="model-update", daemon=True).start()
    await done
