"""Drivers for cameras, modems and boards. Knows nothing of the agent, the models or the journal."""
