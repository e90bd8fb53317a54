"""What the figures on music that returns share: real tunes to be held against, judges, drawing by the command."""
