"""What every section of the configuration is made of: keys, shares, seconds, telephone numbers, and the base of all sections."""

import errno
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _key(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", text):
        msg = "write it with small letters a-z, digits and hyphens, 40 at most (such as quay-01)"
        raise ValueError(msg)
    return text


Key = Annotated[str, AfterValidator(_key)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Port = Annotated[int, Field(ge=0, le=65_535)]


def _phone(text: str) -> str:
    digits = text.replace(" ", "").replace(".", "")
    national = "0" + digits.removeprefix("+84").removeprefix("84") if digits.startswith(("+84", "84")) else digits
    if len(national) != 10 or not national.isdigit() or national[0] != "0" or national[1] not in "35789":
        msg = "not a Vietnamese mobile number (0[35789] and 8 digits, or +84...)"
        raise ValueError(msg)
    return "+84" + national[1:]


Phone = Annotated[str, AfterValidator(_phone)]


def _address(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError as error:
        msg = "not an address or a network (such as 192.168.1.20 or 192.168.1.0/24)"
        raise ValueError(msg) from error
    return text


Address = Annotated[str, AfterValidator(_address)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def secret(file: Path) -> str:
    """What stands in a file with a password. Raise OSError; PermissionError where others may read it."""
    if file.stat().st_mode & 0o077:
        raise PermissionError(errno.EPERM, "can be read by others: chmod 600", str(file))
    return file.read_text(encoding="utf-8")
