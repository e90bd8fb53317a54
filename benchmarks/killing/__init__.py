"""What the campaign of kills consists of."""
