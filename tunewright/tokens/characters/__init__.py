"""Tunes written sign by sign in ABC."""
