"""Music in and out of bytes: ABC, MIDI, MusicXML, pictures, sound."""
