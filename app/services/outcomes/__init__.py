"""The meaning of an operation's end, of a comparison and of a new commit, and how they are recorded."""
