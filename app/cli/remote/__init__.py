"""Commands that ask a server through its REST API."""
