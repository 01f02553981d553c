"""Write Binder's badges into the README: ``python binder/badges.py``.

The repository's address stands in pyproject.toml alone, under [project.urls]; the badges of the start page
and of each tutorial follow from it.
"""

import re
import tomllib
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
#: What Binder builds: a branch or a tag. Of a tag that stays the image is kept, so name the latest release's.
REFERENCE = "HEAD"
PICTURE = "https://mybinder.org/badge_logo.svg"
#: A badge as it stands in the README, and the row of a tutorial in its table.
BADGE = r"\[!\[Binder\]\([^)]*\)\]\([^)]*\)"
ROW = re.compile(rf"^(\| \[\w+\]\((tutorials/\w+\.ipynb)\) \| [^|]*\|)(?: {BADGE} \|| +\|)?$", re.M)


def address():
    """Return the repository's address."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]


def badge(path):
    """Return the badge that opens a notebook on Binder."""
    owner, name = address().rstrip("/").split("/")[-2:]
    link = f"https://mybinder.org/v2/gh/{owner}/{name}/{REFERENCE}?labpath={quote(path, safe='')}"
    return f"[![Binder]({PICTURE})]({link})"


def with_badges(readme):
    """Return the text of the README with a badge under its title and one for each tutorial."""
    start = badge("tutorials/00_start_here.ipynb")
    readme = re.sub(rf"\A(# .*\n)\n(?:{BADGE}\n\n)?", rf"\1\n{start}\n\n", readme)
    return ROW.sub(lambda row: f"{row[1]} {badge(row[2])} |", readme)


if __name__ == "__main__":
    (ROOT / "README.md").write_text(with_badges((ROOT / "README.md").read_text()))
