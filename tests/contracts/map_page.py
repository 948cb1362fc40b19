"""The map of the code, made from the captions of its modules."""

from __future__ import annotations

import ast

from tests.contracts.source import PACKAGE, ROOT, python_files, tree_of

MAP = ROOT / "docs" / "map.md"
HEAD = """# Map of the code

Made from the first line of each module by `python -m tests.contracts.map_page`.
"""


def page() -> str:
    """The whole page, one heading per folder."""
    lines = [HEAD]
    folder = None
    for path in sorted(python_files(), key=lambda p: (p.parent, p.name)):
        caption = (ast.get_docstring(tree_of(path)) or "").split("\n", 1)[0]
        if path.parent != folder:
            folder = path.parent
            lines.append(f"\n## {folder.relative_to(PACKAGE.parent)}\n")
        lines.append(f"* `{path.name}` {caption}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    MAP.parent.mkdir(parents=True, exist_ok=True)
    MAP.write_text(page())
