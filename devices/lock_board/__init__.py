"""Lock controller boards: four families behind one `LockBoard`, the line they hang on, and a simulated cabinet."""
