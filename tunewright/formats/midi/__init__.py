"""MIDI files: read, transcribed, written."""
