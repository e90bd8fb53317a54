"""Measures of music of several parts: what of tunes is in the files beside this folder."""
