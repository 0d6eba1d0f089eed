"""What the agent does: reads readings, applies the rules, records events."""
