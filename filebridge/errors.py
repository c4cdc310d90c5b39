"""Failures of the world, each with a hint for the user. Expected outcomes are values, bugs are assertions.

FilebridgeError
├── HomeError            the home folder is missing, in use, or not a home
├── SettingsError        filebridge.toml or FILEBRIDGE_* cannot be used
├── LedgerError          the ledger cannot be trusted or written: stop, leave, restart, read again
│   └── LedgerTooNew     written by a later version
└── GatewayError
    ├── GatewayNotReady  proven: nothing left this machine
    └── OutcomeUnknown   something may have left
"""


class FilebridgeError(Exception):
    """Base of all; `hint` says what the user can do, in English and Chinese."""

    def __init__(self, message: str, *, hint: str = "", hint_zh: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.hint_zh = hint_zh


class HomeError(FilebridgeError):
    """The home folder is missing, in use by another bridge, or not a home."""


class SettingsError(FilebridgeError):
    """A setting is unknown or has a value that cannot be used."""


class LedgerError(FilebridgeError):
    """The ledger cannot be read, written or trusted. Whoever sends must stop and start again from what is on disk."""


class LedgerTooNew(LedgerError):
    """The ledger was written by a later version of filebridge."""


class GatewayError(FilebridgeError):
    """The way to the broker failed."""


class GatewayNotReady(GatewayError):
    """There is no working connection, and it is proven that nothing left."""


class OutcomeUnknown(GatewayError):
    """A request may have reached the broker; only a report, a proof or a person can say."""
