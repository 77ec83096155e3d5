"""Measurements against peers. Each figure is also given as a ratio within one run, because machines differ."""
