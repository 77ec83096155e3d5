"""Push against pull, and shadows beside what they shadow."""
