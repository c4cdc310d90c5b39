"""What `dev.py crash --all` asks of the machine: Debian's tools, root, and disks that lose power or fill up."""

import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# program -> the Debian package that brings it
PACKAGES = {
    "strace": "strace",
    "mkfs.ext4": "e2fsprogs",
    "faketime": "faketime",
    "mount": "mount",
    "unshare": "util-linux",
    "losetup": "mount",
}
BOOT_ID = "/proc/sys/kernel/random/boot_id"
# EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: what is only in memory is gone, the journal's newest part too.
_SHUTDOWN, _NO_LOG_FLUSH = 0x8004587D, 2
_MEGABYTE = 1 << 20
_POLL_SECONDS = 0.2
_UNMOUNT_SECONDS = 20.0


def lacks(*programs: str, root: bool = False) -> str:
    """Why this machine cannot run it; empty if it can."""
    if sys.platform != "linux":
        return f"needs Linux, this is {sys.platform}"
    if root and os.geteuid() != 0:
        return "needs root"
    missing = [program for program in programs if _found(program) is None]
    if missing:
        packages = sorted({PACKAGES[program] for program in missing})
        return f"no {', '.join(missing)}: on Debian `apt-get install {' '.join(packages)}`"
    return ""


def lacks_disks() -> str:
    """Why this machine cannot mount a disk of our own; empty if it can."""
    why = lacks("mkfs.ext4", "mount", "losetup", root=True)
    if why:
        return why
    done = subprocess.run([tool("losetup"), "--find"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no loop device to be had ({done.stderr.strip()})"


def tool(program: str) -> str:
    path = _found(program)
    assert path is not None, f"{program} is gone"
    return path


def faketime_library() -> str:
    """The library that gives a process another clock; empty where it is not installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found else ""


def with_boot_id(boot_id: Path) -> tuple[str, ...]:
    """What to put before a program so that it, and no other, reads this file as the name of the machine's boot."""
    script = 'mount --bind "$0" "$1" && shift && exec "$@"'
    return (tool("unshare"), "--mount", "sh", "-c", script, str(boot_id), BOOT_ID)


def until_slowly(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Like `until`, for conditions that are dear to look at."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still waiting for {what}"
        pause.wait(_POLL_SECONDS)


def flush(path: Path) -> None:
    """What a file or folder holds is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_all(folder: Path) -> None:
    """Everything on the disk of a folder is really there."""
    _run("sync", "--file-system", str(folder))


class Disk:
    """An ext4 file system in a file beside `place`, where it is mounted."""

    def __init__(self, place: Path, *, megabytes: int) -> None:
        self.place = place
        self._images = 1
        self._is_mounted = False
        place.mkdir(parents=True, exist_ok=True)
        with self._image.open("wb") as file:
            file.truncate(megabytes * _MEGABYTE)
        # No blocks kept back for root: full means full.
        _run(tool("mkfs.ext4"), "-q", "-F", "-m", "0", str(self._image))
        self._mount()

    @property
    def _image(self) -> Path:
        return self.place.with_name(f"{self.place.name}-{self._images}.img")

    @property
    def _filler(self) -> Path:
        return self.place / ".filler.part"

    def _mount(self) -> None:
        _run(tool("mount"), "-o", "loop", str(self._image), str(self.place))
        self._is_mounted = True
        shutil.rmtree(self.place / "lost+found", ignore_errors=True)

    def cut_power(self) -> None:
        """From now on nothing reaches the disk, and what had not reached it is lost."""
        import fcntl

        handle = os.open(self.place, os.O_RDONLY)
        fcntl.ioctl(handle, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        os.close(handle)

    def mount_again(self) -> None:
        """After a cut and `unmount`: the power is back, and what is there is there."""
        old = self._image
        self._images += 1
        # A copy: should another mount namespace still hold the dead file system, this is not the same one.
        _run("cp", "--sparse=always", str(old), str(self._image))
        old.unlink()
        self._mount()

    def unmount(self) -> None:
        """Waits for whoever still has a file open: a killed process takes a moment to end."""
        if not self._is_mounted:
            return
        self._is_mounted = False
        try:
            until_slowly(self._is_unmounted, "the disk to be free", _UNMOUNT_SECONDS)
        except AssertionError:
            users = _users_of(self.place)
            _run(tool("umount"), "--lazy", str(self.place))
            raise AssertionError(f"the disk is still in use by {users}") from None

    def _is_unmounted(self) -> bool:
        done = subprocess.run([tool("umount"), str(self.place)], capture_output=True, check=False)
        return done.returncode == 0

    def fill(self, *, but_bytes: int = 0) -> None:
        """Leave only so many bytes free."""
        left = shutil.disk_usage(self.place).free - but_bytes
        handle = os.open(self._filler, os.O_WRONLY | os.O_CREAT, 0o600)
        with suppress(OSError):
            os.posix_fallocate(handle, 0, max(left, 1))
        with suppress(OSError):
            # Down to the last block: what fallocate does not give in one piece.
            os.lseek(handle, 0, os.SEEK_END)
            while not but_bytes:
                os.write(handle, bytes(4096))
        os.close(handle)

    def free(self) -> None:
        self._filler.unlink()


@contextmanager
def disk(place: Path, *, megabytes: int) -> Iterator[Disk]:
    made = Disk(place, megabytes=megabytes)
    try:
        yield made
    finally:
        made.unmount()


def _found(program: str) -> str | None:
    # An ordinary user's path leaves out where mkfs lives.
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")


def _users_of(place: Path) -> list[str]:
    """The processes that have something open below a place, with what it is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for link in (process / "cwd", *(process / "fd").glob("*")):
            with suppress(OSError):
                if link.readlink().is_relative_to(place):
                    found.append(f"{process.name} {link.readlink()}")
    return found


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"
