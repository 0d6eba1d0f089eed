"""For service files: `python -m devices.sms config DEVICE ROOT` prints an smsd.conf, `... quarantine ROOT` runs before smsd.

Everything else goes through the channels.
"""

import argparse
import sys
from pathlib import Path

from devices.sms.smsd_config import make_spool, smsd_config
from devices.sms.smsd_spool import quarantine


def main(argv: list[str] | None = None) -> int:
    """Exit 0 when done, 2 on bad usage."""
    arguments = _parse(argv)
    root = arguments.root.absolute()
    make_spool(root)
    if arguments.action == "config":
        sys.stdout.write(smsd_config(arguments.device, root, user=arguments.user))
    else:
        sys.stderr.write("".join(f"interrupted {ref}\n" for ref in quarantine(root)))
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devices.sms", description="The spool of smstools' smsd.")
    actions = parser.add_subparsers(dest="action", required=True)
    config = actions.add_parser("config", help="make the spool and print its smsd.conf")
    config.add_argument("device", type=Path, help="the modem's port, by its stable name")
    config.add_argument("root", type=Path)
    config.add_argument("--user", help="who smsd becomes when root starts it")
    aside = actions.add_parser("quarantine", help="take aside what a dead smsd was sending; run before each start")
    aside.add_argument("root", type=Path)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
