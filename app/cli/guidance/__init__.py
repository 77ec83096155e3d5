"""Help on commands and topics, and completion."""
