"""A corpus and settings in, a run folder and a stream of progress out."""
