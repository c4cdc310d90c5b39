"""Proofs of origin hold for the bytes that they were made over and for nothing else."""

import base64
import hashlib
import hmac
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from filebridge.domain.reasons import Reason
from filebridge.errors import SettingsError
from filebridge.proof import Proofs, Proven
from filebridge.sources import Source
from tests.windows.marks import not_windows

SECRET = b"a secret of at least sixteen bytes"
DATA = b"symbol,side,quantity,limit_price\n600000.SH,BUY,100,10.51\n"
KEY_ID = b"\x01\x02\x03\x04\x05\x06\x07\x08"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(
    b"Ed" + KEY_ID + SIGNER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
).decode()  # fmt: skip
STATUS = os.stat(__file__)  # noqa: PTH116
BY_HMAC = Source(name="h", folder="h", proof="hmac", key_env="KEY")
BY_MINISIGN = Source(name="m", folder="m", proof="minisign", public_key=PUBLIC)
PROOFS = Proofs.of([BY_HMAC, BY_MINISIGN], Path("home"), {"KEY": SECRET.decode()})
# As minisign 0.11 wrote it for its own documentation.
KNOWN_KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
KNOWN = b"""untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
"""


def hmac_file(data: bytes, day: str = "", key: bytes = SECRET) -> bytes:
    prefix = f"{day}\n".encode() if day else b""
    return f"{hmac.new(key, prefix + data, hashlib.sha256).hexdigest()} {day}".strip().encode() + b"\n"


def minisig(
    data: bytes, *, comment: str = "timestamp:1790000000\tfile:x", hashed: bool = True, key: bytes = KEY_ID
) -> bytes:
    algorithm, message = (b"ED", hashlib.blake2b(data).digest()) if hashed else (b"Ed", data)
    signature = SIGNER.sign(message)
    whole = base64.b64encode(SIGNER.sign(signature + comment.encode())).decode()
    line = base64.b64encode(algorithm + key + signature).decode()
    return f"untrusted comment: hello\n{line}\ntrusted comment: {comment}\n{whole}\n".encode()


def code(source: Source, data: bytes, companion: bytes | None) -> str:
    found = PROOFS.look(source, data, companion, STATUS)
    return found.code if isinstance(found, Reason) else ""


def test_an_hmac_of_the_bytes_or_of_the_day_and_the_bytes_holds() -> None:
    assert PROOFS.look(BY_HMAC, DATA, hmac_file(DATA), STATUS) == Proven()
    assert PROOFS.look(BY_HMAC, DATA, hmac_file(DATA).upper().rstrip() + b"\r\n", STATUS) == Proven()
    assert PROOFS.look(BY_HMAC, DATA, hmac_file(DATA, "2026-11-20"), STATUS) == Proven(day=date(2026, 11, 20))


@pytest.mark.parametrize(
    ("companion", "expected"),
    [
        (None, "PROOF_MISSING"),
        (b"", "PROOF_UNREADABLE"),
        (b"0" * 63, "PROOF_UNREADABLE"),
        (b"0" * 64, "PROOF_WRONG"),
        (hmac_file(DATA + b" "), "PROOF_WRONG"),
        (hmac_file(DATA, key=SECRET + b"x"), "PROOF_WRONG"),
        # The day is under the proof: it can neither be put to one, nor changed, nor taken off.
        (hmac_file(DATA).rstrip() + b" 2026-11-20", "PROOF_WRONG"),
        (hmac_file(DATA, "2026-11-20").replace(b"-20", b"-21"), "PROOF_WRONG"),
        (hmac_file(DATA, "2026-11-20")[:64], "PROOF_WRONG"),
        (hmac_file(DATA, "2026-13-20"), "PROOF_UNREADABLE"),
    ],
)
def test_any_other_hmac_does_not(companion: bytes | None, expected: str) -> None:
    assert code(BY_HMAC, DATA, companion) == expected


def test_a_signature_of_minisign_holds_and_says_when() -> None:
    known = Source(name="k", folder="k", proof="minisign", public_key=KNOWN_KEY)
    found = Proofs.of([known], Path("home"), {}).look(known, b"test", KNOWN, STATUS)
    assert found == Proven(at=datetime(2019, 4, 25, 11, 55, 35, tzinfo=UTC))
    for hashed in (True, False):
        assert code(BY_MINISIGN, DATA, minisig(DATA, hashed=hashed)) == ""
    assert PROOFS.look(BY_MINISIGN, DATA, minisig(DATA, comment="by hand"), STATUS) == Proven()


@pytest.mark.parametrize(
    ("companion", "expected"),
    [
        (None, "PROOF_MISSING"),
        (b"a\nb\nc\n", "PROOF_UNREADABLE"),
        (minisig(DATA)[:-40], "PROOF_UNREADABLE"),
        (minisig(DATA + b" "), "PROOF_WRONG"),
        (minisig(DATA, key=b"otherkey"), "PROOF_OF_OTHER_KEY"),
        (minisig(DATA).replace(b"1790000000", b"1790000001"), "PROOF_WRONG"),
        # A hash that was signed is no file that was signed.
        (minisig(hashlib.blake2b(DATA).digest(), hashed=False), "PROOF_WRONG"),
    ],
)
def test_any_other_signature_does_not(companion: bytes | None, expected: str) -> None:
    assert code(BY_MINISIGN, DATA, companion) == expected


@given(st.data())
def test_a_changed_byte_is_always_seen(data: st.DataObject) -> None:
    source, companion = data.draw(st.sampled_from([(BY_HMAC, hmac_file(DATA)), (BY_MINISIGN, minisig(DATA))]))
    at = data.draw(st.integers(0, len(DATA) - 1))
    changed = bytearray(DATA)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert code(source, bytes(changed), companion) == "PROOF_WRONG"


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(companion: bytes) -> None:
    for source in (BY_HMAC, BY_MINISIGN):
        assert code(source, DATA, companion).startswith("PROOF_")


@not_windows
def test_a_file_proves_its_owner_only_if_nobody_else_may_write_to_it(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(DATA)
    path.chmod(0o644)
    mine = Source(name="o", folder="o", proof="owner", owner=str(os.getuid()))
    other = Source(name="p", folder="p", proof="owner", owner=str(os.getuid() + 1))
    nobody = Source(name="q", folder="q", proof="owner", owner="no such user")
    assert PROOFS.look(mine, DATA, None, path.stat()) == Proven()
    assert code_of(PROOFS.look(other, DATA, None, path.stat())) == "PROOF_OF_OTHER_OWNER"
    assert code_of(PROOFS.look(nobody, DATA, None, path.stat())) == "PROOF_OF_OTHER_OWNER"
    path.chmod(0o664)
    assert code_of(PROOFS.look(mine, DATA, None, path.stat())) == "PROOF_WRITABLE_BY_OTHERS"


def code_of(found: Proven | Reason) -> str:
    return found.code if isinstance(found, Reason) else ""


@pytest.mark.parametrize(
    "settings",
    [
        {"proof": "hmac"},
        {"proof": "hmac", "key_env": "A", "key_file": "b"},
        {"proof": "minisign", "public_key": "RWQ="},
        {"proof": "owner"},
        # It would seem to be protected.
        {"public_key": KNOWN_KEY},
        {"proof": "hmac", "key_env": "A", "owner": "me"},
    ],
)
def test_half_of_a_proof_is_no_setting(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Source.model_validate({"name": "a", "folder": "a", **settings})


def test_keys_are_there_long_enough_apart_and_not_where_files_come_from(tmp_path: Path) -> None:
    def refusal(*sources: Source) -> str:
        with pytest.raises(SettingsError) as caught:
            Proofs.of(sources, tmp_path, {"SHORT": "short", "LONG": "x" * 40})
        assert "x" * 40 not in str(caught.value)
        return str(caught.value)

    def by(name: str, **key: str) -> Source:
        return Source.model_validate({"name": name, "folder": name, "proof": "hmac", **key})

    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "key").write_bytes(b"x" * 40)
    (tmp_path / "key").write_bytes(b"x" * 40 + b"\n")
    assert "at least 16" in refusal(by("a", key_env="SHORT"))
    assert "at least 16" in refusal(by("a", key_env="NONE"))
    assert "cannot be read" in refusal(by("a", key_file="none"))
    assert "where files come from" in refusal(by("a", key_file="a/key"))
    assert "have one key" in refusal(by("a", key_file="key"), by("b", key_env="LONG"))
    both = (BY_MINISIGN, BY_MINISIGN.model_copy(update={"name": "n"}))
    assert "have one key" in refusal(*both)
