"""How SMS go out: the modem that was found, or what is configured."""

from config.schema import Sms
from edge.setup.found import ModemAt
from edge.setup.job import Job


async def ask_sms(job: Job, why: str) -> None:
    """`why`: what goes out by SMS here."""
    terminal, sms = job.terminal, job.table.get("sms", {})
    job.heading(f"SMS ({why})")
    if sms.get("channel") == "http":
        terminal.tell("A gateway is configured; it is kept as it is.")
        return
    modem = await _chosen(job)
    if modem is not None:
        _use(job, modem)
    elif sms.get("channel") == "smsd":
        if not job.found.modems:
            terminal.warn("No modem answered.")
            job.leave("see the modem's cable and power")
        terminal.tell("The modem that is configured stays.")
    else:
        terminal.warn(
            "No modem is used, so no SMS goes out." if job.found.modems else "No modem answered, so no SMS goes out."
        )
        job.section("sms")["channel"] = "none"
        job.leave(
            "for SMS: plug a modem in and run motcua setup again, or write a gateway's [sms.http] (devices/sms/README.md)"
        )


async def _chosen(job: Job) -> ModemAt | None:
    """A modem shows several ports that answer; the first is its command port."""
    found, terminal = sorted(job.found.modems, key=lambda one: one.place.name), job.terminal
    if not found:
        return None
    for one in found[:1] if not terminal.is_attended else found:
        terminal.tell(f"  {one.place.name}\n    {one.says}")
    if len(found) > 1:
        terminal.tell("One modem often shows several ports; the first that answers is the one to take.")
        place = await terminal.choose("Which of them", [one.place.name for one in found])
    else:
        place = 0
    return found[place] if await terminal.confirm("Send SMS through it", default=True) else None


def _use(job: Job, modem: ModemAt) -> None:
    sms = job.section("sms")
    sms["channel"] = "smsd"
    if "spool_dir" not in sms or sms["spool_dir"] == str(Sms.model_fields["spool_dir"].default):
        sms["spool_dir"] = str(job.data_dir / "sms")
    job.modem = modem.place.name
    job.uses[modem.place.name] = "SMS modem"
    if not modem.place.is_stable:
        job.terminal.warn(
            f"{modem.place.name} is no name that stays: with two modems or adapters it may be another one after a restart"
        )
    if modem.modem is not None and modem.modem.sim not in {"READY", None}:
        job.leave(f"the modem's SIM says {modem.modem.sim}: switch its PIN off in a telephone")
    if modem.modem is not None and modem.modem.is_registered is False:
        job.leave("the modem is not in the network: see its antenna and its SIM")
