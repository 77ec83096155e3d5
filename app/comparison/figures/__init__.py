"""Figures that are no measure's own: rates, the same commits both ways, stages, and the rows behind all of them."""
