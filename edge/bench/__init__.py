"""Side-by-side benchmarks behind `motcua bench`."""
