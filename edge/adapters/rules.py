"""From the sections of a configuration to what the services take: rules, plans, telephone numbers, specs."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path

from config.guide import Guide
from config.schema import Config, Counter
from edge.adapters.vision_spec import VisionSpec
from edge.domain.escalation import EscalationRules
from edge.domain.msisdn import Msisdn
from edge.domain.resting import RestingRules
from edge.domain.retention import RetentionRules
from edge.domain.satisfaction import SatisfactionRules
from edge.domain.verdict import VerdictRules
from edge.domain.visit import VisitRules
from edge.services.plan import CounterPlan, telling_order
from edge.services.station import CounterRules
from sync.retention import Retention as JournalRetention

_OF_A_COUNTER = {"camera", "counter", "eyes"}
_WORKED_BY = {
    "mqtt": "link", "link": "link", "clock": "link", "sms": "sms", "sms_line": "sms", "printer": "printer", "directory": "directory",
    "mouth": "guide", "ears": "guide", "identity": "identity",
    "reception": "reception", "enrolment": "enrolment",
}  # fmt: skip


def counter_rules(config: Config) -> CounterRules:
    """How visits are read and escalated on this device."""
    mood = config.satisfaction.model_dump()
    resting = RestingRules(**mood.pop("resting"))
    visits = config.visits
    visit = VisitRules(
        settle_s=visits.settle_s,
        gone_s=visits.gone_s,
        late_rating_s=visits.late_rating_s,
        satisfaction=SatisfactionRules(resting=resting, **mood),
        verdict=VerdictRules(evidence_s=visits.evidence_s, evidence_share=visits.evidence_share),
    )
    return CounterRules(visit, EscalationRules(**config.escalation.model_dump()))


def contact_numbers(config: Config) -> dict[str, Msisdn]:
    """The one place where telephone numbers leave the configuration."""
    return {key: Msisdn.parse(contact.phone) for key, contact in config.contacts.items()}


def counter_plans(config: Config, numbers: Mapping[str, Msisdn]) -> dict[str, CounterPlan]:
    """What the services know of each counter; without a centre nobody but the unit's own people is told."""
    leader = config.centre.leader if config.centre else ""
    plans = {}
    for key, counter in config.counters.items():
        unit = config.units[counter.unit]
        contacts = telling_order(leader, unit.head, unit.chain, numbers)
        plans[key] = CounterPlan(key, counter.name, counter.unit, unit.name, contacts)
    return plans


def retention_rules(config: Config) -> RetentionRules:
    """How long the agent's own tables keep what they hold."""
    kept = config.retention
    return RetentionRules(
        visits_days=kept.visits_days,
        visit_details_days=kept.visit_details_days,
        alert_notes_days=kept.alert_notes_days,
        sms_days=kept.sms_days,
        locker_phones_days=kept.locker_phones_days,
        locker_stays_days=kept.locker_stays_days,
    )


def journal_retention(config: Config) -> JournalRetention:
    """How long the journal keeps confirmed events, and how large it may grow."""
    kept = config.retention
    return JournalRetention(
        health=timedelta(days=kept.health_events_days),
        reading=timedelta(days=kept.reading_events_days),
        bound_mb=float(kept.max_journal_mb),
    )


def vision_spec(key: str, counter: Counter, landmarker: Path, params: Path | None) -> VisionSpec:
    """What the vision worker of one counter is told at its start."""
    camera, zone = counter.camera, counter.camera.zone
    return VisionSpec(
        counter=key,
        camera=camera.source,
        landmarker=str(landmarker),
        params_dir=str(params) if params else None,
        credentials_file=str(camera.credentials_file) if camera.credentials_file else None,
        fps=camera.fps,
        zone=(zone.x, zone.y, zone.width, zone.height),
    )


def has_part(config: Config, running: Collection[str], part: str) -> bool:
    """Whether a device that runs the parts `running` has `part`, as faults name it. What is not listed here every device has."""
    kind, _, which = part.partition("/")
    if kind in _OF_A_COUNTER:
        return which in config.counters or (config.guide is not None and which == _watched(config.guide))
    if kind in {"board", "locker", "scanner"} and which:
        return which in _named(config)[kind]
    return kind not in _WORKED_BY or _WORKED_BY[kind] in running


def _watched(guide: Guide) -> str | None:
    """Whose camera it is, as faults name it; None without one."""
    return guide.name if guide.camera else None


def _named(config: Config) -> dict[str, Collection[str]]:
    """What faults of the cabinet are named after: boards, the numbers on the doors, the places of scanners."""
    doors = [one.number for one in config.locker.compartments.values()] if config.locker else []
    return {"board": config.locker.boards if config.locker else (), "locker": doors, "scanner": config.scanner}
