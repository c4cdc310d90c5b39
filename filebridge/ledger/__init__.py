"""The audit ledger: what was intended, what came back, in order, chained by hashes. One writer, many readers."""
