"""`motcua faces`: who is enrolled, enrolling with consent, who somebody is, whether two pictures show one person, forgetting."""

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer
from rich.console import Console
from rich.table import Table

from config.strings import load_strings
from edge import cli_faces_compare
from edge.adapters import desk_wire as wire
from edge.adapters.desk_socket import Desk, DeskCommands
from edge.adapters.faces_setup import open_face_book, reading_book
from edge.adapters.seal import FACE_KEY
from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, load_config, print_line, quiet_natives, refusing
from edge.cli_desk import answered
from edge.cli_faces_files import networks
from edge.domain.consent import BadName, ChosenName, Unfit, noted
from edge.domain.recognition import Aliveness, Decision, Outcome, decide
from edge.face_ports import Application, Enrolled, Refused
from edge.services.faces import FaceBook

if TYPE_CHECKING:
    from edge.adapters.faces_pictures import ClipSeen, Networks

app = typer.Typer(no_args_is_help=True, help="Faces: enrol with consent, identify, compare, list, export, forget.")
app.command("compare")(cli_faces_compare.compare)
ConfigOption = Annotated[Path | None, typer.Option("--config", help="the site's configuration file")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="the device's data folder, instead of a configuration")]
DEFAULT_CONFIG = Path("/etc/motcua/motcua.toml")


@app.command()
def enrol(
    by: Annotated[str, typer.Option(help="the user who takes the consent, as in the users file")],
    files: Annotated[list[Path] | None, typer.Argument(help="pictures of one person, or one clip")] = None,
    camera: Annotated[str | None, typer.Option(help="a camera instead: 0, or /dev/v4l/by-id/...")] = None,
    name: Annotated[str | None, typer.Option(help="what the person wants to be called; asked when left out")] = None,
    agreed: Annotated[bool, typer.Option("--agreed", help="the notice was read out and the person agreed")] = False,
    replaces: Annotated[str | None, typer.Option(help="who it was so far; that template is deleted")] = None,
    config: ConfigOption = None,
    data: DataFolder = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol a person: the notice, the consent, the pictures' check, the sealed template. Refuses what would recognise badly."""
    if bool(files) == bool(camera):
        fail("give pictures of one person, or a clip, or --camera", as_json=as_json, code=BAD_USAGE)
    notice = load_strings().text("faces.notice", "vi")
    if not agreed and (as_json or not typer.confirm(f"{notice}\n")):
        fail("nobody is enrolled without consent: read the notice out, then add --agreed", as_json=as_json)
    try:
        chosen = ChosenName.parse(name or typer.prompt("name"))
    except BadName as error:
        fail(str(error), as_json=as_json, code=BAD_USAGE)
    with quiet_natives(), refusing(as_json=as_json):
        asked = Application(chosen, (), by, noted(notice), replaces=replaces)
        application = (
            _before_camera(camera, asked, as_json=as_json)
            if camera
            else _from_files(files or [], asked, as_json=as_json)
        )
    answer = _at_book(config, data, wire.enrol_of(application), as_json=as_json)
    if isinstance(answer, wire.NotEnrolled):
        _refuse(answer.refused, files or [], as_json=as_json)
    _print_people([cast("wire.Member", answer).enrolled], as_json=as_json)


@app.command()
def identify(
    file: Annotated[Path, typer.Argument(help="a picture or a clip")],
    config: ConfigOption = None,
    data: DataFolder = None,
    as_json: JsonOption = False,
) -> None:
    """Who it is, if enrolled. A clip is judged as the robot does: several frames, liveness. Exit 1 when nobody is recognised."""
    with quiet_natives(), refusing(as_json=as_json):
        book = _readable_book(config, data, as_json=as_json)
        decision, liveness = _decision(file, book, networks(as_json=as_json))
        people = {one.person: one for one in asyncio.run(book.people())}
    person = people.get(decision.person or "")
    name = person.name.reveal() if person else None
    result = {
        "path": str(file), "outcome": decision.outcome.value, "person": decision.person, "name": name,
        "similarity": None if decision.similarity is None else round(decision.similarity, 4),
        "threshold": round(decision.threshold, 4), "looks": decision.looks, "liveness": liveness,
    }  # fmt: skip
    if as_json:
        print_line(result)
    else:
        typer.echo(f"{file}: {decision.outcome.value} {name or ''} ({decision.looks} frames, liveness {liveness})")
    raise typer.Exit(0 if decision.outcome is Outcome.MATCH else REFUSED)


@app.command("list")
def list_people(config: ConfigOption = None, data: DataFolder = None, as_json: JsonOption = False) -> None:
    """Who is enrolled, since when, with whose consent; names masked, no templates."""
    with refusing(as_json=as_json):
        book = _readable_book(config, data, as_json=as_json)
        people = asyncio.run(book.people())
    _print_people(people, as_json=as_json)


@app.command()
def export(
    person: str,
    out: Annotated[Path, typer.Option(help="the file to write, readable by you alone")],
    config: ConfigOption = None,
    data: DataFolder = None,
    as_json: JsonOption = False,
) -> None:
    """All that is kept about a person, in clear, for that person: law 91/2025/QH15 art. 4."""
    with refusing(as_json=as_json):
        book = _readable_book(config, data, as_json=as_json)
        kept = asyncio.run(book.export(person))
        if kept is None:
            fail(f"nobody is enrolled as {person}; see: motcua faces list", as_json=as_json)
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False, indent=1)
    if as_json:
        print_line({"person": person, "out": str(out)})
    else:
        typer.echo(f"written to {out}; delete it when the person has it")


@app.command()
def forget(
    person: str,
    by: Annotated[str, typer.Option(help="the user who is asked, as in the users file")],
    config: ConfigOption = None,
    data: DataFolder = None,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a consent: the template and the name are gone from the disk when this ends."""
    answer = _at_book(config, data, wire.Forget(person=person, by=by), as_json=as_json)
    if not cast("wire.Forgotten", answer).was_there:
        fail(f"nobody is enrolled as {person}; see: motcua faces list", as_json=as_json)
    if as_json:
        print_line({"person": person, "forgotten": True})
    else:
        typer.echo(f"{person}: the template and the name are deleted")


# --- parts ---


def _from_files(files: list[Path], asked: Application, *, as_json: bool) -> Application:
    """A clip is also checked for life; of photographs nobody can tell. Raise PictureUnreadable."""
    from edge.adapters.faces_pictures import is_video, read_clip, shot_of_picture

    found = networks(as_json=as_json)
    if len(files) == 1 and is_video(files[0]):
        return _with_clip(asked, read_clip(files[0], found))
    identifier = found.opened()
    return replace(asked, shots=tuple(shot_of_picture(file, identifier) for file in files))


def _before_camera(source: str, asked: Application, *, as_json: bool) -> Application:
    """The challenge, in words on stderr."""
    from edge.adapters.faces_live import Sitting, frames_of_camera
    from models.face_watch import FaceWatch

    strings = load_strings()
    identifier = networks(as_json=as_json).opened("video")
    sitting = Sitting(
        FaceWatch(identifier), secrets.choice,
        lambda task: typer.echo(strings.text(f"faces.task.{task.value if task else 'look_straight'}", "vi"), err=True),
    )  # fmt: skip
    for t_s, frame in frames_of_camera(source):
        if sitting.take(frame, t_s):
            break
    return _with_clip(asked, sitting.seen)


def _with_clip(asked: Application, clip: "ClipSeen") -> Application:
    from edge.adapters.faces_pictures import shots_of

    return replace(asked, shots=shots_of(clip), alive=clip.alive)


def _decision(file: Path, book: FaceBook, found: "Networks") -> tuple[Decision, str]:
    from edge.adapters.faces_pictures import is_video, look_of, read_clip, shot_of_picture

    if is_video(file):
        clip = read_clip(file, found)
        return decide([look_of(one) for one in clip.shots], book.templates, book.recognition, clip.alive), clip.alive
    shot = shot_of_picture(file, found.opened())
    rules = replace(book.recognition, min_looks=1)
    looks = [look_of(shot)] if shot.faces else []
    return decide(looks, book.templates, rules, Aliveness.LIVE), "not_checked"


def _owner(config: Path | None, data: Path | None, *, as_json: bool) -> tuple[Path, str | None, str | None, int | None]:
    """Data folder, site, device, days: from the configuration unless a folder is named."""
    if data is not None:
        return data, None, None, None
    settings = load_config(config or DEFAULT_CONFIG, as_json=as_json)
    agent = settings.agent
    return agent.data_dir, agent.site, agent.device, settings.retention.faces_unused_days


def _at_book(config: Path | None, data: Path | None, ask: wire.AnyAsk, *, as_json: bool) -> wire.AnySay:
    """The running agent's answer, which then knows the change at once; or that of a book of our own."""
    owner = _owner(config, data, as_json=as_json)
    return answered(owner[0], ask, lambda: _book(*owner), as_json=as_json)


@contextlib.asynccontextmanager
async def _book(folder: Path, site: str | None, device: str | None, unused_days: int | None) -> AsyncIterator[Desk]:
    async with open_face_book(folder, site, device, unused_days) as book:
        yield DeskCommands(faces=book)


def _readable_book(config: Path | None, data: Path | None, *, as_json: bool) -> FaceBook:
    """To look at, also while the agent runs."""
    folder, *_ = _owner(config, data, as_json=as_json)
    if not (folder / FACE_KEY).exists():
        fail(f"{folder}: nobody was ever enrolled here", as_json=as_json)
    return asyncio.run(reading_book(folder))


def _refuse(answer: Refused, files: list[Path], *, as_json: bool) -> NoReturn:
    which = str(files[answer.picture]) if answer.picture is not None and answer.picture < len(files) else None
    advice = load_strings().text(f"faces.unfit.{answer.why.value}", "en")
    if as_json:
        print_line({"refused": answer.why.value, "picture": which, "person": answer.person, "advice": advice})
    again = f"; it is {answer.person}: add --replaces {answer.person}" if answer.why is Unfit.KNOWN_ALREADY else ""
    typer.secho(f"nobody was enrolled: {which + ': ' if which else ''}{advice}{again}", fg="red", err=True)
    raise typer.Exit(REFUSED)


def _print_people(people: Sequence[Enrolled], *, as_json: bool) -> None:
    table = Table("person", "name", "since", "consent to", "last used", "pictures", "liveness", "notice")
    for row in _rows(people):
        if as_json:
            print_line(row)
        else:
            table.add_row(
                *(
                    str(row[key])
                    for key in ("person", "name", "given_at", "given_to", "used_at", "pictures", "liveness", "notice")
                )
            )
    if not as_json:
        Console().print(table)


def _rows(people: Sequence[Enrolled]) -> Iterator[dict[str, Any]]:
    for one in people:
        consent = one.consent
        yield {
            "person": one.person, "name": str(one.name), "what": consent.what.value, "why": consent.why.value,
            "given_at": consent.given_at.isoformat(timespec="seconds"), "given_to": consent.given_to,
            "notice": consent.notice, "used_at": one.used_at.isoformat(timespec="seconds"), "pictures": one.pictures,
            "liveness": one.liveness, "model": one.model,
        }  # fmt: skip
