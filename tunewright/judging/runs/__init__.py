"""Runs judged side by side."""
