"""Experiments, in words."""
