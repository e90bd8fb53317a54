"""What knows no music: errors, files, processes, tables, the machine."""
