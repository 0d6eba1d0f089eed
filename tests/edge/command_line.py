"""Runs `motcua` as its users do, in a process of its own, and tells what it said."""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What was said with --json."""
        return [json.loads(line) for line in self.out.splitlines()]


def motcua(*words: object, json_lines: bool = True) -> Done:
    """A fork of this process's own nursery (see tests.edge.command_nursery): it starts in no time."""
    return _nursery().run(_words(words, json_lines=json_lines))


def motcua_anew(*words: object, json_lines: bool = True) -> Done:
    """The same with an interpreter of its own, which takes its time."""
    command = [sys.executable, "-m", "edge", *_words(words, json_lines=json_lines)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def _words(words: tuple[object, ...], *, json_lines: bool) -> list[str]:
    return [*map(str, words), *(["--json"] if json_lines else [])]


class _Nursery:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.edge.command_nursery"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._answer() == "open"
        self._free = Lock()

    def run(self, words: list[str]) -> Done:
        with self._free, tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            order = {"words": words, "environment": dict(os.environ), "out": out.name, "err": err.name}
            try:
                code = int(self._ask(json.dumps(order)))
            except BaseException:  # a test's time is over: the answer would be taken for the next one's
                _nursery.cache_clear()
                self._process.kill()
                self._process.wait()
                raise
            return Done(code, out.read().decode(), err.read().decode())

    def close(self) -> None:
        self._process.communicate()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


@cache
def _nursery() -> _Nursery:
    made = _Nursery()
    atexit.register(made.close)
    return made
