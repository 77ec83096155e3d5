"""Views of environments that others deliver."""
