"""How fast filebridge is, measured from the counter's side, beside what a user would write by hand. See
docs/performance.md; run by `python dev.py bench`."""
