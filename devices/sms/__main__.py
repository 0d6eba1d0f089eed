"""For service files: `python -m devices.sms run DEVICE ROOT` keeps an smsd on the modem until it is told to stop.

Whoever starts smsd otherwise: `... config DEVICE ROOT` prints an smsd.conf, `... quarantine ROOT` runs before each start. Everything
else goes through the channels.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from devices.errors import DeviceError
from devices.sms.smsd_config import make_spool, smsd_config
from devices.sms.smsd_process import SmsdProcess
from devices.sms.smsd_spool import quarantine


def main(argv: list[str] | None = None) -> int:
    """Exit 0 when done, 1 when smsd is missing or cannot be ended, 2 on bad usage."""
    arguments = _parse(argv)
    root = arguments.root.absolute()
    make_spool(root)
    if arguments.action == "run":
        return _run(arguments.device, root)
    if arguments.action == "config":
        sys.stdout.write(smsd_config(arguments.device, root, user=arguments.user))
    else:
        sys.stderr.write("".join(f"interrupted {ref}\n" for ref in quarantine(root)))
    return 0


def _run(device: Path, root: Path) -> int:
    try:
        asyncio.run(_kept(device, root))
    except DeviceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _kept(device: Path, root: Path) -> None:
    """An smsd until SIGTERM or SIGINT; the message in its hands is finished."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with SmsdProcess(device, root) as smsd:
        ends = {asyncio.create_task(smsd.failed(), name="smsd"), asyncio.create_task(told.wait(), name="told to stop")}
        done, others = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        for one in done:
            one.result()


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devices.sms", description="The spool of smstools' smsd.")
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="keep an smsd on the modem until told to stop")
    run.add_argument("device", type=Path, help="the modem's port, by its stable name")
    run.add_argument("root", type=Path)
    config = actions.add_parser("config", help="make the spool and print its smsd.conf")
    config.add_argument("device", type=Path, help="the modem's port, by its stable name")
    config.add_argument("root", type=Path)
    config.add_argument("--user", help="who smsd becomes when root starts it")
    aside = actions.add_parser("quarantine", help="take aside what a dead smsd was sending; run before each start")
    aside.add_argument("root", type=Path)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
