"""What a studio keeps: tunes and their history, trainings, listening tests; in any database that SQLAlchemy knows."""
