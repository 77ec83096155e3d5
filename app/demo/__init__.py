"""The demo: a real repository, two environments, and a story that goes on until it is stopped."""
