"""What an environment's ledger lets one conclude, as a page."""
