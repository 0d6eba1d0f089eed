"""The journal, the event contract and the way to the city. Knows nothing of the agent or the drivers."""
