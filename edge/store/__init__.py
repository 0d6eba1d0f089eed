"""The state tables that live beside the journal in one SQLite file."""
