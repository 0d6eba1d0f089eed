"""Cameras: live and replayed sources of frames."""
