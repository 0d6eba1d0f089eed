"""The agent: domain rules, services, pages, command line and the place where all is put together."""
