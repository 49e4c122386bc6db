"""The public cases of appointments' dates and times: at least four of five resolve to the expected value."""

from __future__ import annotations

import pytest

from tests.dates.recognizers import folder, measure
from tests.support.counts import FULL

FLOOR = 0.80


@pytest.mark.skipif(not FULL, reason="part of `make check-full`")
def test_public_cases_resolve_to_the_expected_value() -> None:
    where = folder()
    if where is None:
        pytest.skip("the public specifications are not at hand")
    table = measure(where)
    print(
        f"{sum(table.right.values())} of {sum(table.asked.values())}: {table.share:.1%}",
        dict(table.left_out),
    )
    assert sum(table.asked.values()) > 400
    assert table.share >= FLOOR, table.wrong
