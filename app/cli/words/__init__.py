"""What REST answers, in words for a terminal."""
