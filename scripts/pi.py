"""What a Raspberry Pi's emulated processor says of the same pictures, the same sentence and the same configuration as this machine.

Called by scripts/pi, which made the other system: arguments are its root and the processor.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SENTENCE = "tôi muốn lấy số"
PICTURES = ("single_face.jpg", "multi_face.jpg", "0-f15-hao-ph.jpg")
PORT = 18080
STARTS_IN_S = 180.0
SITE = f"""[agent]
site = "phuong-mau"
device = "huong-dan-01"
data_dir = "/var/lib/motcua-pi"
[centre]
name = "Trung tâm Phục vụ hành chính công"
leader = "lanh-dao"
[contacts.lanh-dao]
phone = "0900 000 001"
role = "leader"
[web]
host = "127.0.0.1"
port = {PORT}
"""


class Pi:
    """Commands of the copy in its root."""

    def __init__(self, root: Path, cpu: str) -> None:
        self.root = root
        self._before = [
            "chroot", str(root), "/usr/bin/env", "-i", "HOME=/srv", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8",
            f"QEMU_CPU={cpu}", "/opt/motcua/.venv/bin/motcua",
        ]  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        return [*self._before, *arguments]


def main() -> int:
    """Exit 0 only when everything is as it is here."""
    pi = Pi(Path(sys.argv[1]), sys.argv[2])
    asked = [str(path) for path in pictures()]
    held = [
        told("photographs", levels(pi.command("score", "--json", *(f"/srv/.cache{one}" for one in within_cache(asked)))), levels(ours("score", "--json", *asked))),
        told("speech", heard(pi), SENTENCE),
        told("agent's pages", page_of(pi), 200),
    ]  # fmt: skip
    return 0 if all(held) else 1


def told(what: str, there: object, here: object) -> bool:
    is_same = there == here
    print(f"{'✓' if is_same else '✗'} {what}: {there}" + ("" if is_same else f", here {here}"), flush=True)
    return is_same


def pictures() -> list[Path]:
    from models.fetch import default_directory, locate  # noqa: PLC0415 - prints nothing when this file is only read

    return [locate(name, default_directory()) for name in PICTURES]


def within_cache(paths: Sequence[str]) -> list[str]:
    """The same files below the other system's cache, which is a copy of ours."""
    return [path[path.index("/motcua/models/") :] for path in paths]


def ours(*arguments: str) -> list[str]:
    return [str(HERE / ".venv/bin/motcua"), *arguments]


def levels(command: Sequence[str]) -> list[list[str | None]]:
    """Of every face of every picture."""
    lines = output_of(command).splitlines()
    return [[face["level"] for face in json.loads(line).get("faces", [])] for line in lines]


def heard(pi: Pi) -> str:
    """What the Pi's ears make of a sentence that the Pi's voice says."""
    output_of(pi.command("say", SENTENCE, "--out", "/opt/sentence.wav"))
    said = output_of(pi.command("hear", "--json", "/opt/sentence.wav"))
    return str(json.loads(said)["text"]) if said else "nothing"


def page_of(pi: Pi) -> int | str:
    """How the agent's health page answers."""
    (pi.root / "opt/site.toml").write_text(SITE, encoding="utf-8")
    (pi.root / "var/lib/motcua-pi").mkdir(mode=0o700, exist_ok=True)
    agent = subprocess.Popen(pi.command("run", "--config", "/opt/site.toml"), start_new_session=True)
    try:
        began = time.monotonic()
        while agent.poll() is None and time.monotonic() - began < STARTS_IN_S:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=10) as answer:
                    return int(answer.status)
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        return f"no answer, exit {agent.poll()}"
    finally:
        os.killpg(agent.pid, signal.SIGTERM)
        agent.wait(60)


def output_of(command: Sequence[str]) -> str:
    """stdout; what a processor cannot do ends a program by a signal, which is told."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"  {' '.join(command[-4:])}: exit {done.returncode}: {done.stderr[-300:]}", file=sys.stderr)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
