"""`python -m edge` is `motcua`."""

from edge.cli import main

main()
