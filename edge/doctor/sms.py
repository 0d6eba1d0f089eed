"""SMS: smsd and its spool, or a gateway that answers. Nothing is sent."""

from pathlib import Path

from config.schema import Sms, SmsHttp
from devices.sms.channel import ChannelHealth
from devices.sms.smsd_config import OUR_FOLDERS, SMSD_FOLDERS, modem_of
from devices.sms.smsd_spool import SmsdSpool
from edge.adapters.sms import TOO_LONG_S
from edge.doctor.finding import Finding, broken, good, not_tested, weak
from edge.doctor.holders import Person, can_open
from edge.doctor.web_answer import Answer, ask_head

UNIT = Path("/etc/systemd/system/motcua-sms.service")
"""As scripts/install lays it: it makes the spool when it starts."""
START_SMSD = "sudo systemctl enable motcua-sms; sudo systemctl restart motcua-sms"
"""One that waits for a modem which is gone runs, and `enable --now` leaves it to that."""
NAME_THE_MODEM = f"name the modem in /etc/motcua/modem, then: {START_SMSD}"


def verdict_of_spool(health: ChannelHealth, failed: int, root: Path) -> Finding:
    """`failed`: messages that smsd gave up and nobody has looked at."""
    log = f"sudo tail {root / 'smsd.log'}"
    found = f"{health.waiting} waiting, {failed} failed"
    if not health.is_alive and (modem := modem_of(root)) is not None and not modem.exists():
        return broken(
            f"the modem {modem} is not there ({found})",
            f"plug it in: smsd takes it up by itself; for another modem, {NAME_THE_MODEM}",
        )
    if not health.is_alive:
        return broken(
            f"smsd does not run ({found})",
            f"{NAME_THE_MODEM}; journalctl -u motcua-sms -n 20",
        )
    if health.oldest_waiting_s > TOO_LONG_S:
        return broken(f"smsd runs, but a message waits for {health.oldest_waiting_s / 60:.0f} minutes ({found})", f"see the modem's cable, power, SIM and reception; {log}")  # fmt: skip
    if failed:
        return weak(f"smsd runs, {found}", f"see why: {log}; the SIM's credit, the numbers in [contacts]")
    return good(f"smsd runs, {found}")


def look_at_spool(root: Path, who: Person) -> Finding:
    """Blocking."""
    absent = [name for name in (*SMSD_FOLDERS, *OUR_FOLDERS) if not (root / name).is_dir()]
    if not root.is_dir() or len(absent) == len(SMSD_FOLDERS) + len(OUR_FOLDERS):
        by_hand = f"sudo apt-get install -y smstools; then: .venv/bin/python -m devices.sms config MODEM {root}, as devices/sms/README.md says"
        return broken(f"{root}: no spool of smsd is there", NAME_THE_MODEM if UNIT.exists() else by_hand)
    if absent:
        return broken(
            f"{root}: without {', '.join(absent)}",
            f"sudo -u {who.name} .venv/bin/python -m devices.sms config MODEM {root} makes them and prints smsd's settings",
        )
    closed = [name for name in (*SMSD_FOLDERS, *OUR_FOLDERS) if not can_open(root / name, who)]
    if closed:
        return broken(f"{root}: {who.name} may not use {', '.join(closed[:3])}", f"sudo chown -R {who.name} {root}, and let smsd run as {who.name}")  # fmt: skip
    health, failed = SmsdSpool(root).health(), len([one for one in (root / "failed").iterdir() if one.is_file()])
    return verdict_of_spool(health, failed, root)


def verdict_of_answer(answer: Answer) -> Finding:
    """Of a server that is only asked for its head: whatever it says, it is there."""
    if answer.why is not None:
        return broken(f"{answer.host}: {answer.why}", f"see the network and the address: curl -I {answer.shown}")
    if (answer.status or 0) >= 500:
        return weak(
            f"{answer.host} answers, but is unwell (HTTP {answer.status})",
            "tell whoever runs it; it is tried again by itself",
        )
    return good(f"{answer.host} answers (HTTP {answer.status})")


def look_at_gateway(http: SmsHttp) -> Finding:
    """Blocking. Without the token, so that a mistyped address learns nothing."""
    return token_trouble(http.token_file) or verdict_of_answer(ask_head(http.url))


def token_trouble(file: Path) -> Finding | None:
    """None for a file whose token can be sent."""
    from devices.sms.http_gateway import TOKEN

    try:
        token = file.read_bytes().strip()
    except OSError as error:
        return broken(f"{file}: {error.strerror}", f"put the token there: sudo install -m 600 -o motcua TOKEN {file}")
    if not TOKEN.fullmatch(token):
        return broken(
            f"{file} does not hold one line of plain letters", "write the token anew, one line and nothing else"
        )
    return None


def look_at_sms(sms: Sms, who: Person) -> Finding:
    """Blocking."""
    match sms.channel:
        case "smsd":
            return look_at_spool(sms.spool_dir, who)
        case "http" if sms.http is not None:
            return look_at_gateway(sms.http)
        case "phones":
            return weak("simulated: no SMS leaves this machine", "for a real site set [sms] channel to smsd or http")
    return not_tested("none configured: nobody is told by SMS", "set [sms] channel to smsd or http")
