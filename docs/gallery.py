"""What shows each reason code, for docs/reasons.md: a sample, a story of several steps, or a test of the program."""

import re
import tomllib
from pathlib import Path
from urllib.parse import quote

from tests.shown import BY_TEST

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
STORIES = SAMPLES / "stories"


def shown() -> dict[str, str]:
    """Code -> a link; the smallest that there is."""
    return tests_of() | stories_of() | samples_of()


def samples_of() -> dict[str, str]:
    """Code -> a link to the sample that shows it: the one that is named after it, else the first."""
    found: dict[str, str] = {}
    for answer in sorted(SAMPLES.glob("*/*.expected.json")):
        if answer.parent == STORIES:
            continue
        stem = answer.name.removesuffix(".expected.json")
        name = next(path.name for path in sorted(answer.parent.iterdir()) if path.stem == stem)
        for code in set(re.findall(r'"code": "([A-Z0-9_]+)"', answer.read_text(encoding="utf-8"))):
            if code not in found or stem.replace("-", "_").upper() == code:
                found[code] = f"[{name}](../samples/{answer.parent.name}/{quote(name)})"
    return found


def stories_of() -> dict[str, str]:
    """Code -> a link to the story that says it shows it: the one that is named after it, else the first."""
    found: dict[str, str] = {}
    for story in sorted(STORIES.glob("*.toml")):
        for code in tomllib.loads(story.read_text(encoding="utf-8"))["shows"]:
            if code not in found or story.stem.replace("-", "_").upper() == code:
                found[code] = f"[{story.name}](../samples/stories/{story.name})"
    return found


def tests_of() -> dict[str, str]:
    """Code -> a link to the test that brings the program to it."""
    found = {}
    for code, test in BY_TEST.items():
        path = test.partition("::")[0]
        found[code] = f"[{path.rpartition('/')[2]}](../{path})"
    return found
