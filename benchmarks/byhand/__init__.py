"""What a user would write by hand: no ledger, no checks, no recovery."""
