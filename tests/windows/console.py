"""Windows' consoles, as the tests need them: one for a program, and a person's Ctrl-C in it."""

import subprocess
import sys

# A console of its own, without a window: what is pressed there reaches that program and its children alone.
OWN_CONSOLE = 0x08000000 if sys.platform == "win32" else 0

# In a process of its own, which leaves our console for the program's and is deaf to what it sends there.
_PRESS = """
import ctypes, sys
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.FreeConsole()
if not kernel.AttachConsole(int(sys.argv[1])):
    sys.exit(f"no console: {ctypes.WinError(ctypes.get_last_error())}")
kernel.SetConsoleCtrlHandler(None, True)
if not kernel.GenerateConsoleCtrlEvent(0, 0):
    sys.exit(f"no Ctrl-C: {ctypes.WinError(ctypes.get_last_error())}")
"""


def press_ctrl_c(pid: int) -> None:
    """Ctrl-C in the console of a program that was started with `creationflags=OWN_CONSOLE`."""
    command = [sys.executable, "-c", _PRESS, str(pid)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
