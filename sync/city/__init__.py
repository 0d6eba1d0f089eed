"""The city's side: what devices sent, kept once, judged, counted and proven. See README.md."""
