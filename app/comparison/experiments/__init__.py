"""What a twin experiment found: evidence in, pairs with verdicts and a report out."""
