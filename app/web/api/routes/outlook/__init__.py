"""Routes about what an environment's ledger lets one conclude."""
