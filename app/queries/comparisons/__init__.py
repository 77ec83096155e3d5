"""Comparisons: push with pull, and shadows with the environments that they shadow."""
