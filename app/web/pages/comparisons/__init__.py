"""The pages of the comparison: the table, and what is behind each of its figures."""
