"""What happens to a conversation, and what a step of it asks for. Pure values for `edge.domain.dialogue`."""

from dataclasses import dataclass, field
from typing import TypeAlias

from edge.domain.consent import ChosenName
from edge.domain.dialogue_terms import By, Intent, Meaning, Prompt, Topic, Unheard
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierAnswer
from edge.domain.naming import SittingTask
from edge.domain.ticket import Priority

# --- events ---


@dataclass(frozen=True, slots=True)
class Came:
    """Somebody is near, or touched the screen outside of every button."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who came agreed to be greeted by this name. Nothing else follows from it."""

    name: ChosenName


@dataclass(frozen=True, slots=True)
class Challenged:
    """Who came may be somebody who agreed to be greeted by name, and shows it by doing this; the first thing asked or a further one."""

    task: SittingTask
    is_first: bool


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It was not done: they are greeted as everybody is."""


@dataclass(frozen=True, slots=True)
class Left:
    """The camera sees nobody any more."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Understood for sure: a button, or speech above the threshold."""

    meaning: Meaning
    by: By = By.TOUCH


@dataclass(frozen=True, slots=True)
class Unsure:
    """Speech that may have meant one of these."""

    choices: tuple[Meaning, ...]


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Speech that is nothing the guide knows; noise where nobody spoke counts as no attempt."""

    why: Unheard | None = None


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Clear, lasting speech while the machine may still be speaking."""


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """A dossier code as text, not yet looked at; empty when a scan could not be read."""

    text: str = field(repr=False)
    by: By


@dataclass(frozen=True, slots=True)
class Looked:
    """The directory's answer to `LookUp` number `turn`."""

    turn: int
    answer: DossierAnswer


@dataclass(frozen=True, slots=True)
class Issued:
    """A number was given for `Issue` number `turn`."""

    turn: int


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """The number of `Issue` number `turn` stands, its slip may not have come out."""

    turn: int


@dataclass(frozen=True, slots=True)
class NotIssued:
    """None was given: the centre is closed, the numbers are used up, or the desk failed."""

    turn: int


@dataclass(frozen=True, slots=True)
class Coming:
    """An officer has seen the call and is on the way."""


@dataclass(frozen=True, slots=True)
class Language:
    lang: str


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody is still there: a key of the keypad, a scroll."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event: TypeAlias = (
    Came | Recognised | Challenged | Unanswered | Left | Meant | Unsure | NotUnderstood | SpeechBegan | CodeGiven | Looked | Issued | NotPrinted
    | NotIssued | Coming
    | Language | Touched | Tick
)  # fmt: skip


# --- actions ---


@dataclass(frozen=True, slots=True)
class Say:
    """On the screen, and aloud where somebody is there to hear it."""

    prompt: Prompt
    is_aloud: bool = True


@dataclass(frozen=True, slots=True)
class Hush:
    """The mouth stops at once."""


@dataclass(frozen=True, slots=True)
class LookUp:
    code: DossierCode
    turn: int


@dataclass(frozen=True, slots=True)
class Issue:
    service: str
    priority: Priority
    turn: int


@dataclass(frozen=True, slots=True)
class Note:
    """Somebody asked for this; the event tells no more than that."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Feedback:
    topic: Topic
    is_pleased: bool


@dataclass(frozen=True, slots=True)
class Forget:
    """The visitor is gone: whatever anybody still holds of the conversation goes too."""


Action: TypeAlias = Say | Hush | LookUp | Issue | Note | Feedback | Forget
