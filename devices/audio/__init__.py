"""Microphone and loudspeaker through ALSA's own programs, and recordings played back as if they were a microphone."""
