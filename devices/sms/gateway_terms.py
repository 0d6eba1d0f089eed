"""What one HTTP SMS gateway wants to hear and how it answers; and what its answers mean. Pure.

The configuration builds `GatewayTerms`; `HttpGateway` and the page that takes callbacks use them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from devices.sms.channel import DeliveryUpdate, Outgoing, SmsStatus
from devices.sms.text import normalise, part_count

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

DEFAULT_BODY: dict[str, Json] = {"ref": "{ref}", "to": "{to}", "text": "{text}"}
DEFAULT_STATUSES = {
    "accepted": SmsStatus.SUBMITTED,
    "submitted": SmsStatus.SUBMITTED,
    "delivered": SmsStatus.DELIVERED,
    "failed": SmsStatus.FAILED,
    "rejected": SmsStatus.FAILED,
    "expired": SmsStatus.FAILED,
    "unknown": SmsStatus.UNKNOWN,
}


class Verdict(Enum):
    """What an answer to a submit means."""

    ACCEPTED = "accepted"  # also: a copy of one accepted before
    REFUSED = "refused"
    RETRY = "retry"


_ABOUT_THE_MESSAGE = frozenset({400, 406, 410, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class GatewayTerms:
    """One gateway. Placeholders in `body`: {ref} {to} (E.164) {digits} (E.164 without +) {text} {parts}; in `status_url`: {ref}.

    `result_field` is for gateways that answer 200 to everything; a value that `results` does not name means retry.
    Fields are dotted paths into the JSON answer. Statuses are compared in lower case.
    """

    url: str
    body: Mapping[str, Json] = field(default_factory=lambda: dict(DEFAULT_BODY))
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_header: str = "Idempotency-Key"
    token_file: Path | None = None
    timeout_s: float = 10.0
    result_field: str | None = None
    results: Mapping[str, Verdict] = field(default_factory=dict)
    status_url: str | None = None
    ref_field: str = "ref"
    status_field: str = "status"
    statuses: Mapping[str, SmsStatus] = field(default_factory=lambda: dict(DEFAULT_STATUSES))

    def render(self, sms: Outgoing) -> dict[str, Json]:
        """The JSON body of a submit."""
        text = normalise(sms.text)
        fills = {
            "{ref}": sms.ref,
            "{to}": sms.to,
            "{digits}": sms.to.removeprefix("+"),
            "{text}": text,
            "{parts}": str(part_count(text)),
        }
        return {key: _fill(value, fills) for key, value in self.body.items()}

    def judge(self, http_status: int, answer: Json) -> Verdict:
        """Refused only when the answer speaks of this message; a wrong token or address is not the message's fault."""
        if http_status in _ABOUT_THE_MESSAGE:
            return Verdict.REFUSED
        if not 200 <= http_status < 300:
            return Verdict.RETRY
        if self.result_field is None:
            return Verdict.ACCEPTED
        return self.results.get(_text_at(answer, self.result_field), Verdict.RETRY)


def parse_delivery_report(terms: GatewayTerms, report: Json) -> DeliveryUpdate | None:
    """A callback's body or query, or the answer to a status request; None when it names no ref or no known status."""
    ref = _text_at(report, terms.ref_field)
    word = _text_at(report, terms.status_field).lower()
    status = {key.lower(): value for key, value in terms.statuses.items()}.get(word)
    if not ref or status is None:
        return None
    return DeliveryUpdate(ref, status, why=word if status is SmsStatus.FAILED else None)


def _fill(template: Json, fills: Mapping[str, str]) -> Json:
    """Whole placeholders only, each once: what a text contains is never a template itself."""
    if isinstance(template, str):
        return fills.get(template, template)
    if isinstance(template, dict):
        return {key: _fill(value, fills) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, fills) for value in template]
    return template


def _text_at(answer: Json, path: str) -> str:
    """The value at a dotted path as text, "" when it is not there."""
    here = answer
    for step in path.split("."):
        if not isinstance(here, dict) or step not in here:
            return ""
        here = here[step]
    return "" if here is None or isinstance(here, dict | list) else str(here)
