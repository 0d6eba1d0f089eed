"""Pure rules: the standard library only; clock, randomness and I/O are passed in."""
