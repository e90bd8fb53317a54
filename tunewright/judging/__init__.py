"""Music and runs judged, each number beside that of real music."""
