"""The spool's folders and the smsd.conf that goes with them. The installer, the demo and tests call this."""

from dataclasses import dataclass
from pathlib import Path

SMSD_FOLDERS = ("outgoing", "checked", "sent", "failed", "report", "incoming", "saved", "stats")
OUR_FOLDERS = ("tmp", "unknown", "bound", "told")
PID_FILE = "smsd.pid"
CONFIG_FILE = "smsd.conf"  # of an smsd that we keep
MODEM_NAME = "MODEM"


@dataclass(frozen=True, slots=True)
class SmsdTimings:
    """Seconds. The defaults are for a real modem: a PDU may be answered after minutes (seen: 135 s with an EG06)."""

    poll_s: int = 2
    error_sleep_s: int = 10
    block_s: int = 60
    answer_s: int = 5
    pdu_answer_s: int = 180


FAST_TIMINGS = SmsdTimings(poll_s=1, error_sleep_s=1, block_s=1, answer_s=1, pdu_answer_s=3)
"""For a simulated modem, which answers at once or never."""


def make_spool(root: Path) -> None:
    """Create what is missing; only this user may look inside, because the files carry numbers and texts."""
    for name in (*SMSD_FOLDERS, *OUR_FOLDERS):
        (root / name).mkdir(mode=0o700, parents=True, exist_ok=True)


def smsd_config(device: Path, root: Path, timings: SmsdTimings | None = None, *, user: str | None = None) -> str:
    """The text of an smsd.conf for one modem on `device` with the spool in `root` (both absolute).

    smsd never sends again by itself (`send_retries = 0`), because it cannot tell a lost answer from a lost message; it
    logs errors only, because its other lines carry numbers and texts.
    """
    timings = timings or SmsdTimings()
    folders = {name: root / name for name in SMSD_FOLDERS}
    common = {
        "devices": MODEM_NAME,
        **folders,
        "logfile": root / "smsd.log",
        "loglevel": 2,
        "pidfile": root / PID_FILE,
        "infofile": root / "smsd.working",
        "delaytime": timings.poll_s,
        "delaytime_mainprocess": 1,
        "errorsleeptime": timings.error_sleep_s,
        "blocktime": timings.block_s,
        "autosplit": 3,
        "decode_unicode_text": "yes",
        "incoming_utf8": "yes",
        "store_received_pdu": 0,
        "store_sent_pdu": 0,
        "executable_check": "no",
        "trust_outgoing": "yes",
        "umask": "077",
        "stats_interval": 0,
    }
    if user is not None:
        common["user"] = user
    return _lines(common) + f"\n[{MODEM_NAME}]\n" + _lines(_modem(device, timings))


def modem_of(root: Path) -> Path | None:
    """The port of the modem that an smsd of ours was last started for on this spool; None where there was none, or it cannot be read."""
    try:
        text = (root / CONFIG_FILE).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    named = (line.removeprefix("device = ") for line in text.splitlines() if line.startswith("device = "))
    return next(map(Path, named), None)


def _modem(device: Path, timings: SmsdTimings) -> dict[str, object]:
    return {
        "device": device,
        "baudrate": 115200,
        "init": "AT+CNMI=2,1,0,2,0",
        "incoming": "high",
        "report": "yes",
        "messageids": 3,
        "send_retries": 0,
        "primary_memory": "ME",
        "memory_start": 1,
        "keep_open": "no",
        "check_network": 2,
        "device_open_retries": -1,
        "notice_ucs2": 0,
        "read_timeout": timings.answer_s,
        "read_timeout_pdu": max(1, timings.pdu_answer_s // timings.answer_s),
    }


def _lines(settings: dict[str, object]) -> str:
    return "".join(f"{key} = {value}\n" for key, value in settings.items())
