"""Whether the agent runs over this data folder, and what it says of its parts: then nobody else may open its devices."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path

from config.schema import Config
from config.strings import load_strings
from edge.adapters.config_stamp import is_stamped
from edge.doctor.finding import Finding, broken, good, not_tested, weak
from edge.doctor.holders import Holder, holder_of_journal, is_newer
from edge.store import faults as faults_table
from edge.web.words import Words
from sync.errors import JournalError
from sync.inspect import ask

FAULTS_OF = {
    "camera": ("camera/{id}", "eyes/{id}", "counter/{id}"),
    "microphone": ("ears/{id}",),
    "loudspeaker": ("mouth/{id}",),
    "board": ("board/{id}",),
    "scanner": ("scanner/{id}",),
    "printer": ("printer",),
    "sms": ("sms_line", "sms", "sms/switch", "sms/locker"),
    "directory": ("directory",),
    "broker": ("mqtt", "link"),
    "identity": ("identity",),
    "disk": ("disk",),
    "retention": ("retention",),
    "clock": ("clock",),
    "web": ("web",),
}
"""What the agent's own faults call the parts that are looked at here."""


@dataclass(frozen=True, slots=True)
class AgentNow:
    """`is_known` False: this user may not look, so the agent may run. `faults`: part -> (why, since in epoch seconds).

    `is_heard` False: they cannot be read. `is_older`: it began before the configuration was changed, so it may not know a part at all.
    """

    holder: Holder | None = None
    is_known: bool = True
    is_heard: bool = True
    is_older: bool = False
    faults: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def has_devices(self) -> bool:
        """Whether devices must be left alone."""
        return self.holder is not None or not self.is_known


def agent_now(data_dir: Path) -> AgentNow:
    """Blocking."""
    try:
        holder = holder_of_journal(data_dir)
    except PermissionError:
        return AgentNow(is_known=False)
    if holder is None:
        return AgentNow()
    try:
        faults, is_heard = ask(data_dir, faults_table.load), True
    except (JournalError, OSError):  # told where the journal is looked at
        faults, is_heard = {}, False
    return AgentNow(holder, is_heard=is_heard, faults=faults)


def judged_by(now: AgentNow, config: Config, file: Path) -> AgentNow:
    """The same, with `is_older`. Blocking. The same file by another path has another hash, and a clock may have been set: both must say so."""
    holder = now.holder
    try:
        is_older = bool(holder and holder.pid and is_stamped(config) is False and is_newer(file, holder.pid))
    except OSError:
        return now
    return replace(now, is_older=is_older)


def verdict_of_agent(now: AgentNow, data_dir: Path, owner: str | None) -> Finding:
    """The line that says how everything below it was found out."""
    if not now.is_known:
        who = owner or "root"
        return not_tested(f"{data_dir} is closed to this user: whether the agent runs is not known", f"run it as its user: sudo -u {who} motcua doctor")  # fmt: skip
    if now.holder is None:
        return good("does not run; its devices are opened here")
    if now.is_older:
        return weak(
            f"runs: {now.holder}, and began before the configuration was changed: it goes by the old one",
            "start it anew: sudo systemctl restart motcua; then repeat this",
        )
    return good(f"runs: {now.holder}; its devices are left alone, what it says of them counts")


def said_of(now: AgentNow, part: str, name: str | None, zone: tzinfo) -> Finding:
    """What the running agent says of this part."""
    if not now.is_known:
        return not_tested("the agent may have it open")
    for pattern in FAULTS_OF.get(part, ()):
        if (fault := now.faults.get(pattern.format(id=name))) is not None:
            return told(*fault, zone)
    if not now.is_heard:
        return not_tested("what the running agent says of it cannot be read", "see the line `journal`")
    if now.is_older:
        return not_tested("the running agent goes by an older configuration", "see the line `agent`")
    return good("works, says the running agent")


def unmatched(now: AgentNow, looked_at: set[tuple[str, str | None]]) -> dict[str, tuple[str, float]]:
    """Open faults that no line here speaks of, as the agent names their parts."""
    spoken_of = {pattern.format(id=name) for part, name in looked_at for pattern in FAULTS_OF.get(part, ())}
    return {part: fault for part, fault in now.faults.items() if part not in spoken_of}


def told(why: str, since_s: float, zone: tzinfo) -> Finding:
    """An open fault in the words of the pages."""
    words, short = Words(load_strings(), "en"), why.rsplit(".", 1)[-1]
    sentence = words.first(f"page.fault.{why}", why if "." in why else "page.fault.unknown", "page.fault.unknown")
    advice = words.first(f"page.advice.{why}", f"page.advice.{short}", "page.advice.unknown")
    since = datetime.fromtimestamp(since_s, zone)
    return broken(f"the running agent says: {sentence} (since {since:%d/%m %H:%M})", advice)
