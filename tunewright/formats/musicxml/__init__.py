"""Tunes as MusicXML."""
