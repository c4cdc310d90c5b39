"""Runs a VBA module of ours without Excel, under LibreOffice Basic: `python -m tests.integration.basic PROFILE …`.

With only a folder it makes LibreOffice's profile there, for at its first start LibreOffice puts its own macros into the
place of any others. With a module, a home and a name as well it calls `EmitBasket`, prints what that returns, and ends
with 1 where that raised an error. LibreOffice that hangs before the macro has begun is started once more.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

SECONDS = 60.0
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}">\n'
)
MODULE = (
    HEAD.format("script:module", "module.dtd")
    + '<script:module xmlns:script="http://openoffice.org/2000/script" script:name={name} script:language="StarBasic">'
    + "{source}</script:module>"
)
LIBRARY = (
    HEAD.format("library:library", "library.dtd")
    + '<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" '
    + 'library:readonly="false" library:passwordprotected="false">{elements}</library:library>'
)
# A macro has neither output nor exit code: what came of it stands in a file, which is there once it has begun.
CALL = """Sub Main
    Dim said As String
    Open "{answer}" For Output As #9
    Close #9
    On Error Goto Failed
    said = "OK" & Chr(10) & EmitBasket("{home}", "{name}")
    Goto Done
Failed:
    said = "ERROR" & Chr(10) & Error$
Done:
    Open "{answer}" For Output As #9
    Print #9, said
    Close #9
End Sub
"""


def office(profile: Path, *words: str, seconds: float = SECONDS) -> None:
    """One run of LibreOffice; TimeoutExpired where it does not end, and then nothing of it is left."""
    program = shutil.which("soffice")
    assert program, "LibreOffice is not on this machine"
    command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nologo", *words]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def call(profile: Path, module: Path, home: str, name: str) -> tuple[bool, str]:
    """Whether it went well, and what it said."""
    answer = profile / "answer.txt"
    answer.unlink(missing_ok=True)
    sources = {
        "Emit": module.read_text(encoding="utf-8"),
        "Call": CALL.format(home=home, name=name, answer=answer),
    }
    macros = profile / "user" / "basic" / "Standard"
    for title, source in sources.items():
        text = MODULE.format(name=quoteattr(title), source=escape(f"Option VBASupport 1\n{source}"))
        (macros / f"{title}.xba").write_text(text, encoding="utf-8")
    elements = "".join(f"<library:element library:name={quoteattr(title)}/>" for title in sources)
    (macros / "script.xlb").write_text(LIBRARY.format(elements=elements), encoding="utf-8")
    macro = "macro:///Standard.Call.Main()"
    try:
        office(profile, macro, seconds=SECONDS / 3)
    except subprocess.TimeoutExpired:
        if answer.exists():
            raise
        office(profile, macro, seconds=SECONDS / 3)
    outcome, _, said = answer.read_text(encoding="utf-8").partition("\n")
    return outcome == "OK", said


def main(arguments: list[str]) -> int:
    profile = Path(arguments[0]).resolve()
    if len(arguments) == 1:
        office(profile, "--terminate_after_init")
        return 0
    went_well, said = call(profile, Path(arguments[1]), *arguments[2:])
    sys.stdout.write(said)
    return 0 if went_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
