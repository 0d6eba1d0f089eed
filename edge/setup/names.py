"""Names: from what a technician types to keys of the configuration, and from numbers on doors to sections. Pure."""

import re
import unicodedata
from collections.abc import Collection

LONGEST = 40


def slug(text: str) -> str:
    """`Phường Thủ Đức` -> `phuong-thu-duc`; empty where no letter or digit is in it."""
    flat = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(letter for letter in flat if not unicodedata.combining(letter)).lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST].rstrip("-")


def unused(key: str, taken: Collection[str]) -> str:
    """The key, or the first of `key-2`, `key-3`, ... that nobody has."""
    number, found = 1, key[:LONGEST]
    while found in taken:
        number += 1
        end = f"-{number}"
        found = key[: LONGEST - len(end)] + end
    return found


def numbered(count: int) -> list[str]:
    """What stands on doors counted from 1: `01`, `02`, ...; three digits from 100 doors on."""
    width = max(2, len(str(count)))
    return [f"{number:0{width}}" for number in range(1, count + 1)]


def door_key(number: str, taken: Collection[str]) -> str:
    """The section's name of the door with this number."""
    return unused(f"n{slug(number)}" if slug(number) else "n", taken)


def counter_key(name: str, taken: Collection[str]) -> str:
    """`Quầy 1` -> `quay-01`, so that keys sort as people count."""
    key = re.sub(r"(?<![0-9])([0-9])$", r"0\1", slug(name))
    return unused(key or "quay", taken)
