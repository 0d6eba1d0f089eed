"""Long seeded campaigns against everything that breaks in the field. `scripts/soak NAME` runs one."""
