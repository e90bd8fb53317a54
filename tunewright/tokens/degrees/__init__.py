"""Tunes in musical tokens: degrees of the scale with their lengths."""
