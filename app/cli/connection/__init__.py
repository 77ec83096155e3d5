"""Which server is asked, and with which token."""
