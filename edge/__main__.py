"""The entry point of the console script; `python -m edge` is `motcua`."""

import sys


def main() -> None:
    """Run one command; Ctrl-C while it is still being loaded ends in a word, too."""
    try:
        from edge.cli import main as command  # noqa: PLC0415 - loading it is what takes time

        command()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
