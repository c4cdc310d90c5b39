"""Where files come from: the home's own inbox/, and the folders that `[[inbox]]` entries name, one policy each.

What an entry fixes for its files (account, strategy, basket) a row may repeat but not contradict.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

HOME_INBOX = "inbox"
# Folders of the home that hold something else; whoever writes an order file there would be read as something else.
NOT_SOURCES = ("outbox", "archive", "control", "userdata", ".filebridge")
# Names that Windows keeps for devices, whatever follows them.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}

Policy = Literal["auto", "rename", "done_file", "end_line", "closed", "settle"]
Proof = Literal["none", "hmac", "minisign", "owner"]
PROOF_SUFFIXES = {"hmac": ".hmac", "minisign": ".minisig"}
# Formats whose files other programs append to.
_GROWING = ("goldminer", "xuntou", "hundsun", "cats")
# The settings of which a proof needs one.
_OF_PROOF: dict[str, tuple[str, ...]] = {
    "none": (),
    "hmac": ("key_file", "key_env"),
    "minisign": ("public_key",),
    "owner": ("owner",),
}
# Two letters of the algorithm, the key's number of eight bytes and the key of 32, in base64.
_PUBLIC_KEY = r"^(RW[Q-T][A-Za-z0-9+/]{53})?$"
_ALL_OF_PROOFS = tuple(name for names in _OF_PROOF.values() for name in names)
Format = Literal["auto", "csv", "json", "jsonl", "workbook", "goldminer", "xuntou", "hundsun", "cats", "ptrade"]
# The name stands in paths and reports.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff-]{0,39}$")]
# What a companion's name adds to its file's.
Suffix = Annotated[str, Field(pattern=r"^\.[A-Za-z0-9_]{1,15}$")]
AccountId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,23}$")]
Text = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Source(BaseModel):
    """One folder that files come from."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Name = Field(description="What reports and the archive call it.")
    folder: str = Field(
        min_length=1, description="The folder: its full path, or one relative to the home. `inbox` is the home's own."
    )
    pattern: tuple[str, ...] = Field(
        ("*",), min_length=1, description="Names that are taken, as in `*.csv`; case does not count. Others lie."
    )
    format: Format = Field(
        "auto", description="How its files are read, whatever their names say; `auto` goes by name and content."
    )
    account: AccountId | None = Field(
        None, description="The account that its files trade; a row that names another one is refused."
    )
    accounts: dict[str, AccountId] = Field(
        default_factory=dict, description="What its files call an account -> the account."
    )
    reports: str = Field(
        "",
        description="Where the reports of another system's format go: the full path, or one relative to the home; "
        "default: the folder itself.",
    )
    report_form: Literal["csv", "dbf"] = Field(
        "csv", description="`goldminer` only: whether those reports are CSV or DBF, as its program is set."
    )
    strategy: Text = Field("", description="The strategy of its rows; a row that names another one is refused.")
    basket: Text = Field("", description="The basket of its rows; a row that names another one is refused.")
    on_bad_row: Literal["refuse", "skip"] | None = Field(
        None, description="As in `[inbox]`, for this folder; default: what stands there."
    )
    policy: Policy = Field(
        "auto",
        description="What shows that a file is whole: `auto` (whichever comes first), `rename`, `done_file`, "
        "`end_line`, `closed` or `settle` (docs/hand-over.md).",
    )
    done_suffix: Suffix = Field(
        ".done", description="With `done_file`: what the empty file beside a finished one adds to its name."
    )
    watch: bool = Field(
        True,
        description="Whether the system is asked to tell of changes. False for network shares: they are only scanned, "
        "every `[inbox] share_seconds`, and one that hangs holds up nothing else.",
    )

    proof: Proof = Field(
        "none",
        description="Proof of origin that each file needs: `none`, `hmac`, `minisign` or `owner` (docs/hand-over.md).",
    )
    proof_seconds: float = Field(
        10,
        ge=0,
        le=600,
        description="How long a finished file waits for its `.hmac` or `.minisig` before it is refused.",
    )
    key_file: str = Field("", description="With `hmac`: the file that holds the key, outside of all these folders.")
    key_env: str = Field("", description="With `hmac`: the environment variable that holds the key instead.")
    public_key: str = Field(
        "", pattern=_PUBLIC_KEY, description="With `minisign`: the public key, as it stands in `minisign.pub`."
    )
    owner: str = Field("", description="With `owner`: the user whose files these must be. Not on Windows.")

    @field_validator("name")
    @classmethod
    def _no_device(cls, name: str) -> str:
        if name.lower() in _DEVICES:
            raise ValueError(
                f"{name} is a device's name on Windows; call it otherwise", f"{name} 是 Windows 设备名，请改名"
            )
        return name

    @model_validator(mode="after")
    def _proof_is_whole(self) -> "Source":
        given = {name for name in _ALL_OF_PROOFS if getattr(self, name)}
        if given - set(_OF_PROOF[self.proof]):
            raise ValueError(
                f"{min(given)} says nothing with proof = {self.proof}; delete it, or correct proof",
                f"proof = {self.proof} 时不使用 {min(given)}，请删除，或更正 proof",
            )
        if _OF_PROOF[self.proof] and len(given) != 1:
            names = _OF_PROOF[self.proof]
            raise ValueError(
                f"proof = {self.proof} needs one of {', '.join(names)}",
                f"proof = {self.proof} 需要填写 {'、'.join(names)} 之一",
            )
        if self.proof != "none" and self.format in _GROWING:
            # Their files grow, and no proof grows with them.
            raise ValueError(
                f"proof = {self.proof} is not for format = {self.format}, whose files are appended to",
                f"proof = {self.proof} 不适用于 format = {self.format}，其文件会不断追加",
            )
        if self.proof == "owner" and sys.platform == "win32":
            raise ValueError(
                "proof = owner is not for Windows; give its folder rights for that user alone",
                "proof = owner 不适用于 Windows，请把该目录的权限只给该用户",
            )
        return self

    @model_validator(mode="after")
    def _form_is_known(self) -> "Source":
        if self.report_form == "dbf" and self.format != "goldminer":
            raise ValueError("report_form = dbf is for format = goldminer; the others' reports have one form each")
        return self

    @property
    def fixed(self) -> dict[str, str]:
        """What every row of its files is of: column -> value."""
        values = {"account": self.account or "", "strategy": self.strategy, "basket": self.basket}
        return {column: value for column, value in values.items() if value}

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What names of companions add to that of their file."""
        done = (self.done_suffix,) if self.policy == "done_file" else ()
        return (*done, self.proof_suffix) if self.proof_suffix else done

    @property
    def proof_suffix(self) -> str:
        """What the name of a proof adds to that of its file; empty where it is no file."""
        return PROOF_SUFFIXES.get(self.proof, "")

    def place(self, home: Path) -> Path:
        """Its folder, with no link followed."""
        return Path(os.path.normpath(home / self.folder))

    def real_place(self, home: Path) -> Path:
        """Its folder with every link followed; a share is not asked, for it may hang."""
        place = self.place(home.resolve())
        return place.resolve() if self.watch else place

    def reports_place(self, home: Path) -> Path:
        """The folder of the reports in its format."""
        return Path(os.path.normpath(home / self.reports)) if self.reports else self.place(home)


OWN = Source(name=HOME_INBOX, folder=HOME_INBOX)


def source_of(place: str) -> str:
    """The name of the entry whose folder a file came from, by where it rests: <date>/<outcome>/[<source>/]<name>."""
    parts = place.split("/")
    return parts[2] if len(parts) > 3 else HOME_INBOX


def folder_problems(sources: tuple[Source, ...], home: Path) -> list[tuple[str, str]]:
    """Why folders cannot be sources, in English and Chinese, in the order of the entries; empty where all can."""
    home = home.resolve()
    found = []
    seen: dict[str, str] = {}
    for source in sources:
        # Resolved for this look alone: through a link it may be one of ours.
        place = source.real_place(home)
        key = os.path.normcase(place)
        if key in seen:
            both = (source.name, seen[key])
            found.append((f"{' and '.join(both)} are one folder, {place}", f"{' 与 '.join(both)} 是同一个目录 {place}"))
        seen[key] = source.name
        if home == place or place in home.parents:
            said = f"{source.name}: the home lies in {place}; name a folder of its own"
            found.append((said, f"{source.name}：主目录位于 {place} 之内，请另用单独的目录"))
        for name in NOT_SOURCES:
            own = home / name
            if place == own or own in place.parents:
                said = f"{source.name}: {place} is {name}/ of the home, which holds something else"
                found.append((said, f"{source.name}：{place} 是主目录的 {name}/，另有用途，请换一个目录"))
    return found
