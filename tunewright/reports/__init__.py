"""What was judged, in words, pictures and pages."""
