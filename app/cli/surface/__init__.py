"""What the commands look like: help, tables, bytes of every terminal."""
