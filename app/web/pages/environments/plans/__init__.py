"""Plans before a deed: of a delivery, of resuming, of a rollback."""
