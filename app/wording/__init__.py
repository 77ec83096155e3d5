"""Every text that is made from values, once for pages, command line and export: this room has no sentence twice."""
