"""Music as ids and back, and which id may come next."""
