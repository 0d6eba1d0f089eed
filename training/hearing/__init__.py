"""Trains what `models/tuned_ears.py` adds to Whisper: an encoder that hears in a noisy hall what it hears in a quiet room."""
