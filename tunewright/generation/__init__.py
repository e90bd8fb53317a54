"""New music from a run: what is asked for, the loop that draws, what came out."""
