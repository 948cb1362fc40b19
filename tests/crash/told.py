"""A pytest plugin of `tools/crash`: what fails or is skipped has a line in the table too."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.crash.rows import row_of
from tests.crash.scale import write_down


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down a test that failed, and one that cannot run here, with the reason."""
    report = yield
    row, name = row_of(item.nodeid), item.name.removeprefix("test_").replace("_", " ")
    if row and report.failed:
        write_down(row, name, test=item.nodeid, failed=report.when or "")
    if row and report.skipped and isinstance(report.longrepr, tuple):
        write_down(row, name, test=item.nodeid, skipped=report.longrepr[2].partition(": ")[2])
    return report
