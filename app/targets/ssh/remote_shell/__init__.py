"""What runs on the host, and how it is run there."""
