"""The real sentences, read once a process: reading them takes longer than most tests that want some."""

from functools import cache

from config.strings import StringTable, load_strings


@cache
def strings() -> StringTable:
    return load_strings()
