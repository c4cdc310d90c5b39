"""Proof of origin: that a file was written by whom its folder is for. Whoever can write to a folder could trade else.

`hmac`: beside `orders.csv` lies `orders.csv.hmac` with the HMAC-SHA256 of its bytes in hexadecimal digits; or of a date
(`2026-11-20` and a line feed) followed by its bytes, and then the date behind the digits.
`minisign`: beside it lies `orders.csv.minisig`, as `minisign -S` writes it (https://jedisct1.github.io/minisign/).
`owner`: the file belongs to a named user of this machine, and nobody else may write to it.

A proof is bound to the bytes, not to the day. So it also has to say the day, or every row has to: else an old file
could be dropped again on another day, when its orders are new ones.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from filebridge.domain.orders import SHANGHAI
from filebridge.domain.reasons import Reason
from filebridge.errors import SettingsError
from filebridge.sources import PROOF_SUFFIXES, Source

KEY_BYTES_MIN = 16
COMPANION_BYTES_MAX = 10_000
_HMAC = re.compile(rb"([0-9A-Fa-f]{64})(?:[ \t]+(\d{4}-\d\d-\d\d))?\s*")
# Of minisign: whether the bytes themselves are signed, or their BLAKE2b hash.
_OF_BYTES, _OF_HASH = b"Ed", b"ED"
_KEY_BYTES, _SIGNATURE_BYTES = 2 + 8 + 32, 2 + 8 + 64
_TRUSTED = b"trusted comment: "
_TIMESTAMP = re.compile(rb"(?:^|\t)timestamp:(\d{1,11})(?:\t|$)")


@dataclass(frozen=True, slots=True)
class Proven:
    """A proof that holds. `at` is the moment, or `day` the trade date, that it says; None for one that says neither."""

    at: datetime | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Proofs:
    """The proofs that sources ask for. `keys`: source -> the secret of an HMAC, or minisign's public key."""

    # Never shown: a traceback may end in a log.
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, sources: Iterable[Source], home: Path, environ: Mapping[str, str]) -> "Proofs":
        """Raises SettingsError for a key that is not there or too short, that lies where files come from, or that two
        sources share: a file for one of them would be proven in the other."""
        sources = tuple(sources)
        keys: dict[str, bytes] = {}
        for source in sources:
            match source.proof:
                case "hmac":
                    key = _secret(source, sources, home, environ)
                case "minisign":
                    key = public_key_of(source.public_key)
                case _:
                    continue
            shared = next((name for name, other in keys.items() if other == key), None)
            if shared is not None:
                raise _unusable(
                    f"{source.name} and {shared} have one key: a file for one would pass in the other",
                    f"{source.name} 与 {shared} 使用同一密钥，一方的文件在另一方也会通过，请各用各的密钥",
                )
            keys[source.name] = key
        return cls(keys)

    def look(self, source: Source, data: bytes, companion: bytes | None, status: os.stat_result) -> Proven | Reason:
        """Whether the proof that a source asks for holds; `companion` is what lies beside the file, or None."""
        if source.proof == "owner":
            return _owned(source.owner, status)
        if companion is None:
            return Reason("PROOF_MISSING", {"suffix": PROOF_SUFFIXES[source.proof]})
        verify = _hmac_of if source.proof == "hmac" else _minisign_of
        return verify(self.keys[source.name], data, companion)


def public_key_of(text: str) -> bytes:
    """Minisign's public key, from its one line of base64. Raises ValueError."""
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES or not key.startswith(_OF_BYTES):
        raise ValueError("this is no public key of minisign")
    return key


def _secret(source: Source, sources: Iterable[Source], home: Path, environ: Mapping[str, str]) -> bytes:
    if source.key_env:
        key = environ.get(source.key_env, "").encode()
        where = f"the environment variable {source.key_env}"
    else:
        path = (home / source.key_file).resolve()
        where = str(path)
        if any(path.is_relative_to(other.real_place(home)) for other in sources):
            raise _unusable(
                f"{source.name}: the key {where} lies where files come from; put it elsewhere",
                f"{source.name}：密钥 {where} 位于收文件的目录内，请移到别处",
            )
        try:
            key = path.read_bytes().strip(b"\r\n")
        except OSError as error:
            raise _unusable(
                f"{source.name}: the key {where} cannot be read: {error.strerror or error}",
                f"{source.name}：无法读取密钥 {where}",
            ) from error
    if len(key) < KEY_BYTES_MIN:
        raise _unusable(
            f"{source.name}: the key in {where} has {len(key)} bytes, at least {KEY_BYTES_MIN} are needed",
            f"{source.name}：{where} 中的密钥只有 {len(key)} 字节，至少需要 {KEY_BYTES_MIN} 字节",
        )
    return key


def _unusable(text: str, text_zh: str) -> SettingsError:
    return SettingsError(
        f"inbox {text}\n  inbox {text_zh}",
        hint="See docs/hand-over.md about proofs of origin.",
        hint_zh="关于来源证明，请见 docs/hand-over.md。",
    )


def _hmac_of(key: bytes, data: bytes, companion: bytes) -> Proven | Reason:
    found = _HMAC.fullmatch(companion)
    if found is None:
        return Reason("PROOF_UNREADABLE", {"suffix": PROOF_SUFFIXES["hmac"]})
    digits, day = found.groups()
    try:
        said = date.fromisoformat(day.decode()) if day else None
    except ValueError:
        return Reason("PROOF_UNREADABLE", {"suffix": PROOF_SUFFIXES["hmac"]})
    mac = hmac.new(key, day + b"\n" if day else b"", hashlib.sha256)
    mac.update(data)
    if not hmac.compare_digest(mac.digest(), bytes.fromhex(digits.decode())):
        return Reason("PROOF_WRONG", {"suffix": PROOF_SUFFIXES["hmac"]})
    return Proven(day=said)


def _minisign_of(key: bytes, data: bytes, companion: bytes) -> Proven | Reason:
    # Only here: it takes a while to load, and few homes need it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    suffix = {"suffix": PROOF_SUFFIXES["minisign"]}
    lines = companion.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    try:
        _, signed, trusted, whole = lines
        signature, of_comment = (base64.b64decode(line, validate=True) for line in (signed, whole))
    except (ValueError, binascii.Error):
        return Reason("PROOF_UNREADABLE", suffix)
    algorithm = signature[:2]
    if len(signature) != _SIGNATURE_BYTES or algorithm not in (_OF_BYTES, _OF_HASH) or not trusted.startswith(_TRUSTED):
        return Reason("PROOF_UNREADABLE", suffix)
    if signature[2:10] != key[2:10]:
        return Reason("PROOF_OF_OTHER_KEY", suffix)
    comment = trusted.removeprefix(_TRUSTED)
    message = hashlib.blake2b(data).digest() if algorithm == _OF_HASH else data
    public = Ed25519PublicKey.from_public_bytes(key[10:])
    try:
        public.verify(signature[10:], message)
        # Over the signature alone and the comment: so a comment cannot be put to another signature.
        public.verify(of_comment, signature[10:] + comment)
    except InvalidSignature:
        return Reason("PROOF_WRONG", suffix)
    stamp = _TIMESTAMP.search(comment)
    return Proven(at=datetime.fromtimestamp(int(stamp[1]), SHANGHAI) if stamp else None)


def _owned(owner: str, status: os.stat_result) -> Proven | Reason:
    found, wanted = user_name(status.st_uid), user_number(owner)
    if wanted is None or status.st_uid != wanted:
        return Reason("PROOF_OF_OTHER_OWNER", {"owner": found, "expected": owner})
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return Reason("PROOF_WRITABLE_BY_OTHERS", {"owner": owner})
    return Proven()


def user_number(name: str) -> int | None:
    """The number of a user of this machine, by name or number; None where there is none."""
    if sys.platform == "win32":
        return None
    import pwd

    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def user_name(number: int) -> str:
    if sys.platform == "win32":
        return str(number)
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
