"""How many mails one core personalises: 15 KB, 15 tracked links, two fields, one condition.

Run: python bench/render.py [count]. CPU time, not wall time, so that other work beside it does not
count. The aim is 15,000 per second and core (a mail every 66 µs).
"""

from __future__ import annotations

import json
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sincerely.project.settings")

import django

django.setup()

from sincerely.apps.content.compiler import Source, compile_source  # noqa: E402
from sincerely.apps.content.renderer import Renderer  # noqa: E402
from sincerely.apps.content.rules.look import BrandLook  # noqa: E402

LOREM = "Zeit für schöne Dinge: the dog sleeps, the cat looks on, and nobody is in a hurry. " * 9
NAMES = ("Ann", "Bob", "Chloé", "Dörte", "Emil", "Fatima", "Gus", "Hanne")


def source() -> Source:
    """A newsletter of twelve articles."""
    articles = "".join(
        f'<h2>Article {n}</h2><p style="font-size:16px">{LOREM}</p>'
        f'<p><a href="https://shop.example/article/{n}?ref=mail">Read on</a></p>'
        for n in range(12)
    )
    greeting = (
        '<p>Dear {{ contact.first_name | default: "friend" }} from {{ contact.city }}</p>'
        '{% if contact.labels contains "Dogs" %}<p>For dogs</p>{% else %}<p>For all</p>{% endif %}'
    )
    return Source(
        mode="html",
        source=f"<html><body>{greeting}{articles}</body></html>",
        subject="News for {{ contact.first_name }}",
        preheader="What is new",
        look=BrandLook(name="Pet shop", postal_address="1 High Street, Ghent"),
        edited_text="Dear {{ contact.first_name }}\n\n"
        + "".join(f"Article {n}: https://shop.example/article/{n}?ref=mail\n" for n in range(12)),
    )


def main(count: int) -> None:
    """Render and print."""
    renderer = Renderer(compile_source(source()).compiled)
    people = [
        {"first_name": NAMES[n % 8], "city": f"City {n % 500}", "labels": ["Dogs"] * (n % 2)}
        for n in range(count)
    ]
    tokens = [f"{n:044x}" for n in range(count)]
    started = time.process_time()
    size = 0
    for person, token in zip(people, tokens, strict=True):
        base = f"https://links.shop.example/c/{token}/"
        rendered = renderer.render(
            person,
            link_url=base,
            open_url=f"https://links.shop.example/o/{token}.gif",
            unsubscribe_url=f"https://links.shop.example/u/{token}",
            preferences_url=f"https://links.shop.example/p/{token}",
        )
        size += len(rendered.html_qp) + len(rendered.text_qp) + len(rendered.subject_header)
    spent = time.process_time() - started
    print(
        f"{count:,} mails of {size / count / 1024:.1f} KB in {spent:.2f} s CPU: "
        f"{count / spent:,.0f} per second and core, {spent / count * 1e6:.1f} µs each"
    )
    result = {"path": "personalise", "database": "none", "measured": round(count / spent)}
    print("RESULT " + json.dumps({**result, "unit": "mails/s and core", "mails": count}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
