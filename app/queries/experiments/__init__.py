"""Experiments, read."""
