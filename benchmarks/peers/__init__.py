"""What `benchmarks/baselines.py` trains beside us: others' shapes of models, their tokens, their loops."""
