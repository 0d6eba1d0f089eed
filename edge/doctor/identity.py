"""Who this device is in the city's eyes: whether it is enrolled as the configuration says, and how long its certificate counts."""

from datetime import datetime
from pathlib import Path

from cryptography import x509

from config.schema import Config
from edge.adapters.identity import Enrolment, Unfit
from edge.doctor.finding import Finding, broken, good, not_tested, weak
from sync.identity import Life
from sync.renewal import Standing, standing

ENDING_DAYS = 30  # nobody renews a certificate that somebody put there by hand
ENROL = "ask the city for a token, then: motcua enrol --city URL --token TOKEN"


def verdict_of_enrolment(found: Enrolment | Unfit, config: Config, now: datetime) -> Finding:
    if isinstance(found, Enrolment):
        return verdict_of_life(found.identity.life, now)
    match found:
        case Unfit.NOT_ENROLLED if config.mqtt is None:
            return not_tested("no city is configured, and this device is not enrolled; everything is kept here", ENROL)
        case Unfit.NOT_ENROLLED:
            return broken("this device is not enrolled", ENROL)
        case Unfit.DIFFERS:
            return broken(
                "enrolled as another device than the configuration says",
                f"correct site and device under [agent], or {ENROL}",
            )
        case Unfit.UNUSABLE:
            return broken(
                "what the enrolment left cannot be read",
                f"as root see its rights (0600, the agent's user); else {ENROL}",
            )


def verdict_of_life(life: Life, now: datetime) -> Finding:
    """Of a certificate that renews itself."""
    until = f"enrolled, the certificate counts until {life.ends:%d/%m/%Y}"
    match standing(life, now):
        case Standing.CERTIFICATE_NOT_YET:
            return _not_yet(life)
        case Standing.CERTIFICATE_ENDED:
            return broken(
                f"the certificate ended on {life.ends:%d/%m/%Y}", f"see this machine's clock; if it is right, {ENROL}"
            )
        case Standing.CERTIFICATE_ENDING | Standing.RENEWAL_FAILING:
            return weak(
                f"{until}, and its renewal is late",
                "see the network to the city's enrolment server (port 8443), and the clock",
            )
    return good(until)


def verdict_of_file(life: Life, now: datetime) -> Finding:
    """Of a certificate that was put there by hand."""
    days, ask = (life.ends - now).days, "ask the city for a new one, and put it where [mqtt] cert_file says"
    if now >= life.ends:
        return broken(
            f"the certificate ended on {life.ends:%d/%m/%Y}", f"see this machine's clock; if it is right, {ask}"
        )
    if now < life.starts:
        return _not_yet(life)
    if days < ENDING_DAYS:
        return weak(f"the certificate ends in {days} days", ask)
    return good(f"the certificate counts until {life.ends:%d/%m/%Y}")


def _not_yet(life: Life) -> Finding:
    return broken(f"the certificate counts from {life.starts:%d/%m/%Y} on only", "see this machine's clock")


def look_at_file(file: Path, now: datetime) -> Finding:
    """Blocking."""
    try:
        made = x509.load_pem_x509_certificate(file.read_bytes())
    except OSError as error:
        return broken(
            f"{file}: {error.strerror}",
            "put the certificate where [mqtt] cert_file says, readable for the agent's user",
        )
    except ValueError:
        return broken(f"{file} is no certificate in PEM", "ask the city for it anew")
    return verdict_of_file(Life(made.not_valid_before_utc, made.not_valid_after_utc), now)
