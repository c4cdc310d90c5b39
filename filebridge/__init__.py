"""filebridge: files become orders at the broker, and every answer comes back as a file."""

__version__ = "0.1.0"
