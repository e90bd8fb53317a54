"""Collections: read, told apart, split, described, exported."""
