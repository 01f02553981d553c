"""Strip notebooks as we keep them: ``python tests/strip_notebooks.py FILE...``.

Outputs go, but for cells whose output is compared; so do the numbers of execution, where 0 tells nbval that a
compared cell has been run.
"""

import json
import sys
from pathlib import Path

COMPARED = "nbval-check-output"


def stripped(text):
    """Return the text of a notebook without what running it adds."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            compared = COMPARED in cell["metadata"].get("tags", [])
            cell["execution_count"] = 0 if compared else None
            cell["outputs"] = cell["outputs"] if compared else []
            for output in cell["outputs"]:
                if "execution_count" in output:
                    output["execution_count"] = 0
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    changed = [path for path in map(Path, sys.argv[1:]) if path.read_text() != stripped(path.read_text())]
    for path in changed:
        path.write_text(stripped(path.read_text()))
        print(f"Stripped {path}")
    sys.exit(bool(changed))
