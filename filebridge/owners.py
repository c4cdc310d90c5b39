"""Whose a file is, as the system knows it: who dropped an order file, who left a request."""

import os
import sys
from functools import lru_cache
from pathlib import Path

_NAME_MAX = 256


def owner_of(path: Path) -> str:
    """The login name of the user who owns a file, a link not followed; empty where the system does not tell."""
    try:
        return _owner_on_windows(path) if sys.platform == "win32" else _user(os.lstat(path).st_uid)
    except OSError:
        return ""


@lru_cache(maxsize=256)
def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        # Of another machine's users, on a share.
        return f"uid {uid}"


def _owner_on_windows(path: Path) -> str:
    if sys.platform != "win32":
        raise AssertionError("only where there is a Windows")
    import ctypes
    from ctypes import wintypes

    rights, kernel = ctypes.WinDLL("advapi32"), ctypes.WinDLL("kernel32")
    owner, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
    # 1, 1: of a file, the owner alone.
    answer = rights.GetNamedSecurityInfoW(
        *(ctypes.c_wchar_p(str(path)), 1, 1, ctypes.byref(owner), None, None, None, ctypes.byref(descriptor))
    )
    if answer:
        return ""
    try:
        name, domain = ctypes.create_unicode_buffer(_NAME_MAX), ctypes.create_unicode_buffer(_NAME_MAX)
        sizes = wintypes.DWORD(_NAME_MAX), wintypes.DWORD(_NAME_MAX)
        kind = wintypes.DWORD()
        found = rights.LookupAccountSidW(
            *(None, owner, name, ctypes.byref(sizes[0]), domain, ctypes.byref(sizes[1]), ctypes.byref(kind))
        )
        return name.value if found else ""
    finally:
        kernel.LocalFree(descriptor)
