"""`motcua enrol`: makes this device one of the city's. Key pair, certificate, broker settings; safe to repeat."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.strings import LANGUAGES, load_strings
from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, print_line, refusing
from edge.cli_journal import DEFAULT_DATA
from sync.chain import source_of
from sync.enrol_errors import CityNotReached, CityRefused, ClockOff, EnrolError, NoSerial, NotTheCity
from sync.enrolment import Token, TokenMisread
from sync.inspect import ask
from sync.keystore import StoreKind
from sync.schema import JOURNAL_FILE

if TYPE_CHECKING:  # the MQTT client comes with it
    from sync.identity import Identity

_KEYS: dict[type[EnrolError], str] = {
    NotTheCity: "not_the_city", CityNotReached: "not_reached", ClockOff: "clock_off", NoSerial: "no_serial",
}  # fmt: skip


def enrol(
    city: Annotated[str, typer.Option(help="the city's enrolment server, as in https://dangky.example:8443")],
    token: Annotated[str, typer.Option(help="the one-time token the city gave for this place")],
    data: Annotated[Path, typer.Option("--data", help="the device's data folder")] = DEFAULT_DATA,
    serial: Annotated[
        str | None, typer.Option(help="the box's serial number, where the board does not tell it")
    ] = None,
    keys: Annotated[
        StoreKind, typer.Option(help="where its keys are kept; auto: sealed to the TPM if there is one")
    ] = (StoreKind.AUTO),
    language: Annotated[str, typer.Option(help=f"of the sentences: {', '.join(LANGUAGES)}")] = LANGUAGES[0],
    as_json: JsonOption = False,
) -> None:
    """Enrol this device with the city. Killed or cut off, the same command can be repeated for an hour."""
    from sync.enrol import Wish, board_serial
    from sync.enrol import enrol as enrol_device

    if not city.startswith("https://"):
        fail("--city takes an https:// address", as_json=as_json, code=BAD_USAGE)
    try:
        with refusing(as_json=as_json):
            read = Token.parse(token)
            wish = Wish(city, read, data, serial or board_serial(), _name_of_journal(data), keys)
            identity = enrol_device(wish)
    except (TokenMisread, EnrolError) as error:
        _fail(error, language, as_json=as_json)
    _show(identity, language, as_json=as_json)


def _name_of_journal(data: Path) -> str | None:
    """What this device has been called so far, if it has a journal: the city refuses a token for another place then. Raise JournalError."""
    source = ask(data, _source) if (data / JOURNAL_FILE).exists() else None
    return None if source is None else _name_in(source)


def _source(connection: sqlite3.Connection) -> str | None:
    """None in a journal that was never opened to its end."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'ledger_identity'").fetchone() is None:
        return None
    row = connection.execute("SELECT source FROM ledger_identity").fetchone()
    return None if row is None else str(row[0])


def _name_in(source: str) -> str | None:
    parts = source.split("/")
    is_device = len(parts) == 5 and source == source_of(parts[2], parts[4])
    return f"{parts[2]}.{parts[4]}" if is_device else None


def _show(identity: "Identity", language: str, *, as_json: bool) -> None:
    ends = identity.life.ends
    if as_json:
        row = {"ok": True, "site": identity.site, "device": identity.device, "ends": ends.isoformat()}
        print_line(row | {"broker": f"{identity.broker_host}:{identity.broker_port}"})
        return
    name = f"{identity.site}/{identity.device}"
    typer.echo(load_strings().text("enrol.done", language, name=name, ends=f"{ends:%d/%m/%Y}"))


def _fail(error: TokenMisread | EnrolError, language: str, *, as_json: bool) -> None:
    """The reason's key for a program, its sentence for a person. Exit 1."""
    key, section = ("token_misread", "enrol") if isinstance(error, TokenMisread) else _key_of(error)
    strings = load_strings()
    hours = round(abs(error.off_by.total_seconds()) / 3600) if isinstance(error, ClockOff) else 0
    sentence = strings.find(f"{section}.{key}", language, hours=hours) or strings.text(
        "enrol.refused.unknown", language
    )
    if as_json:
        print_line({"ok": False, "refused": key, "why": sentence})
    typer.secho(sentence, fg="red", err=True)
    if isinstance(error, CityNotReached):
        typer.secho(str(error), err=True)
    raise typer.Exit(REFUSED)


def _key_of(error: EnrolError) -> tuple[str, str]:
    if isinstance(error, CityRefused):
        return error.why, "enrol.refused"
    return _KEYS[type(error)], "enrol"
