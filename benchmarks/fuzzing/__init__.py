"""What `fuzz.py` is made of: seeds, mutations of text and of MIDI, laws, limits, minimising."""
