"""The first and the last questions: who this device is, who is told, where the pages are."""

import socket
from contextlib import suppress

from config.schema import Agent, Centre, Contact, Web
from edge.doctor.agent_now import AgentNow
from edge.doctor.finding import State
from edge.doctor.pages import look_at_port
from edge.setup.job import Job
from edge.setup.names import slug
from edge.setup.rules import as_typed, is_example, masked, rule

DEVICES = {"locker": "tu-ho-so-01", "counter": "quay-01", "guide": "huong-dan-01"}
CENTRE = "Trung tâm Phục vụ hành chính công"
LEADER = "lanh-dao"


async def ask_site(job: Job, named: tuple[str, str] | None) -> None:
    """`named`: site and device of the journal that is there already; a journal never changes its name."""
    agent, terminal = job.section("agent"), job.terminal
    if named is not None:
        agent["site"], agent["device"] = named
        terminal.tell(f"Its journal is that of {named[0]}/{named[1]}; this device keeps that name.")
        return
    job.heading("Who this device is")
    site, device = agent.get("site"), agent.get("device")
    if site is None or is_example(site) or job.base.is_new:
        agent["site"] = await _site_anew(job)
        device = DEVICES[job.stations[0]] if job.base.is_new else device
    else:
        given = slug(job.given.site or "") or site
        agent["site"] = await terminal.ask("Short name of the site, part of every event", rule(Agent, "site"), given)
    agent["device"] = await terminal.ask(
        "Short name of this device, no two of a site the same", rule(Agent, "device"), job.given.device or device, option="--device"
    )  # fmt: skip


async def _site_anew(job: Job) -> str:
    """People type a ward as they write it; the key comes of itself."""
    ward = await job.terminal.ask(
        "Which ward or commune does it stand in (such as Phường Thủ Đức)", _ward, job.given.site, option="--site"
    )
    if not job.terminal.is_attended:
        return slug(ward)
    return str(await job.terminal.ask("Short name of the site, part of every event", rule(Agent, "site"), slug(ward)))


def _ward(text: str) -> str:
    if not slug(text):
        msg = "write its name, with letters or digits"
        raise ValueError(msg)
    return text


async def ask_centre(job: Job, *, is_needed: bool) -> None:
    """Its name on every page, and its leader, who is told of alerts. Without alerts a device can do without."""
    there, contacts, terminal = job.table.get("centre"), job.table.get("contacts", {}), job.terminal
    known = contacts.get(there["leader"], {}).get("phone") if there else None
    phone = job.given.leader or (None if is_example(known) else known)
    job.heading("The centre" + (" and who is told by SMS when a citizen is angry" if is_needed else ""))
    if not is_needed and phone is None and not await terminal.confirm("Show the centre's name on the screens (its leader's number is asked for)", default=False):  # fmt: skip
        return
    name = await terminal.ask(
        "Name of the centre on the screens", rule(Centre, "name"), there["name"] if there else CENTRE
    )
    question = "Mobile number of the centre's leader"
    number = await terminal.ask(question, as_typed(Contact, "phone"), phone, option="--leader", shown=masked(phone))
    key = there["leader"] if there else LEADER
    job.section("centre").update({"name": name, "leader": key})
    job.section("contacts", key).update({"phone": number, "role": "leader"})


async def ask_web(job: Job) -> None:
    """Loopback, or an address that officers' PCs reach."""
    web, terminal = job.section("web"), job.terminal
    job.heading("The pages")
    host, port = web.get("host", "127.0.0.1"), int(web.get("port", 8080))
    is_local = host in {"127.0.0.1", "localhost", "::1"}
    if not await terminal.confirm("Shall other machines open them, too (officers' PCs, a board)", default=not is_local):
        web["host"] = "127.0.0.1" if not is_local else host
        return
    suggested = own_address() if is_local else host

    while True:
        web["host"] = await terminal.ask("This machine's address in the house's network", _address, suggested)
        trouble = look_at_port(web["host"], port, AgentNow())
        if trouble.state is not State.BROKEN:
            break
        terminal.warn(f"{trouble.found}: {trouble.do}")
        if await terminal.confirm("Take it all the same", default=not terminal.is_attended):
            break
    terminal.tell(f"  officers open http://{web['host']}:{port}")
    job.leave(
        f"let the router always give this device the address {web['host']}; on another one its pages do not start"
    )


def _address(text: str) -> str:
    if not text.strip():
        msg = "an address such as 192.168.1.20 (see: ip -brief address)"
        raise ValueError(msg)
    return str(rule(Web, "host")(text))


def own_address() -> str | None:
    """By which this machine would reach others; nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect(("192.0.2.1", 9))  # an address for documents (RFC 5737)
        return str(way.getsockname()[0])
    return None
