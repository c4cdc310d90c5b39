"""The simulated terminal and counter: paper trading runs against it through the unmodified xttrader.py."""
