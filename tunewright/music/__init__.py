"""What music is: tunes, pieces of several parts, and how they are heard; exact values."""
