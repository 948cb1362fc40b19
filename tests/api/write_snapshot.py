"""Write the agreed schema of the API anew: `python -m tests.api.write_snapshot`."""

from __future__ import annotations

import json
import os
from pathlib import Path


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # noqa: PLC0415 -- the settings must be named first

    django.setup()
    from sincerely.api.root import api  # noqa: PLC0415 -- needs Django

    text = json.dumps(api.get_openapi_schema(), sort_keys=True, indent=1, default=str)
    (Path(__file__).parent / "openapi.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
