"""What follows from what one environment's ledger holds: what the other mode would have given, and what to choose."""
