"""Lets bulk work run without the search for cycles of garbage.

Rows form no cycles, they go as soon as nobody names them; looking for cycles among a hundred
thousand fresh rows takes a tenth of the time of an import.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


def unsearched(make: Callable[Given, Iterator[Made]]) -> Callable[Given, Iterator[Made]]:
    """Return the generator function with the collector paused while a step is made."""

    @wraps(make)
    def paused(*args: Given.args, **named: Given.kwargs) -> Iterator[Made]:
        steps = make(*args, **named)
        while True:
            was_on = gc.isenabled()
            gc.disable()
            try:
                made = next(steps)
            except StopIteration:
                return
            finally:
                if was_on:
                    gc.enable()
            yield made

    return paused
