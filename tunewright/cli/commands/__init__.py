"""The commands, a file for each kind of work; `cli` puts them together."""
