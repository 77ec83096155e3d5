"""Texts made from values, shared by pages, command line and export."""
