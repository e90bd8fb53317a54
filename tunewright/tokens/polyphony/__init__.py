"""Music of several parts in the vocabularies of MidiTok."""
