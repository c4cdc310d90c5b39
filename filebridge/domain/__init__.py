"""The rules of the trade, pure: no clock, no file, no socket, no database; time comes in as an argument."""
