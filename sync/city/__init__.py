"""The city's side: a small receiver for the demo and the tests; the real ingest comes later."""
