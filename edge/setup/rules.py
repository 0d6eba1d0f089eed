"""The rules of the configuration for one answer at a time: what the check would say of it later is said at once."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

EXAMPLE_SITE, EXAMPLE_PHONES = "phuong-mau", "090000000"  # of config/profiles; nobody's


def rule(model: type[BaseModel], name: str) -> Callable[[str], Any]:
    """A check for `Terminal.ask`: the value as this field of a section takes it, or ValueError with its own words."""
    field = model.model_fields[name]
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def check(text: str) -> Any:
        try:
            return adapter.validate_python(text)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error

    return check


def as_typed(model: type[BaseModel], name: str) -> Callable[[str], str]:
    """The same check, but the answer stays as it was written: a telephone number keeps its spaces."""
    judge = rule(model, name)

    def check(text: str) -> str:
        judge(text)
        return text

    return check


def in_network(model: type[BaseModel]) -> Callable[[str], str]:
    """A section's `port` as the address of something in the network; nothing is an answer."""
    judge = rule(model, "port")

    def check(text: str) -> str:
        if text and not text.startswith("tcp://"):
            msg = "tcp://ADDRESS:PORT"
            raise ValueError(msg)
        return str(judge(text)) if text else ""

    return check


def whole(low: int, high: int) -> Callable[[str], int]:
    """A number from `low` to `high`."""

    def check(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            msg = f"a number from {low} to {high}"
            raise ValueError(msg)
        return int(text)

    return check


def some_of(known: list[str]) -> Callable[[str], list[str]]:
    """Some of these, with blanks or commas between them; none is an answer."""

    def check(text: str) -> list[str]:
        chosen = text.replace(",", " ").split()
        found = [one if one in known else one.zfill(len(known[0]) if known else 0) for one in chosen]
        wrong = [one for one, exact in zip(chosen, found, strict=True) if exact not in known]
        if wrong:
            msg = f"{', '.join(wrong)}: no such number; there are {', '.join(known)}"
            raise ValueError(msg)
        return found

    return check


def masked(phone: str | None) -> str | None:
    """A number as it may stand on a screen that others see, or in a log."""
    return phone and f"...{phone.replace(' ', '')[-3:]}"


def is_example(text: str | None) -> bool:
    """Whether it is what the profiles show, which must not go live."""
    return text == EXAMPLE_SITE or (text or "").replace(" ", "").startswith(EXAMPLE_PHONES)
