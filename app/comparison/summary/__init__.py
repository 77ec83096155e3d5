"""What a comparison says in all: its answer, and its questions by criterion."""
