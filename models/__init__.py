"""What the device can see: model files, networks, the vision worker. Knows nothing of the agent."""
