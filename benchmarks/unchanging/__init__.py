"""What `benchmarks/unchanged.py` does, in parts: inputs, commands, running them, and what may differ."""
