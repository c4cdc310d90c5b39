"""The way to a broker: the contract (base), the process that hosts xttrader (worker), and its keeper (supervisor)."""
