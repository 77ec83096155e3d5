"""What stands between the network and the application: whose address counts, and what a connection may cost."""
