"""Keys with few rows are added up in closed form, and come to what they come to one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.whatif.twin.sizes.entry_width import aligned
from pgadvisor.whatif.twin.sizes.key_rows import key_rows
from pgadvisor.whatif.twin.sizes.key_shares import Share, key_groups, present_keys

SHARES = st.builds(
    Share,
    keys=st.floats(1, 1e9),
    mass=st.floats(1e-6, 0.2),
    nulls=st.integers(0, 3),
)


@given(shares=st.lists(SHARES, min_size=1, max_size=6).map(tuple), rows=st.floats(1, 1e9))
def test_adds_up_what_groups_have(shares: tuple[Share, ...], rows: float) -> None:
    found = key_rows(shares, rows)

    groups = list(key_groups(shares, rows))
    assert list(found.many) == [group for group in groups if group.rows >= 60]
    assert found.keys == present_keys(shares, rows)
    assert set(found.nulls) == {share.nulls for share in shares}
    for nulls, few in found.few.items():
        own = [group for group in groups if group.rows < 60 and group.nulls == nulls]
        lists = sum(group.keys * aligned(6 * group.rows) for group in own if group.rows > 1)
        assert few.keys == pytest.approx(sum(group.keys for group in own), rel=1e-6)
        # Groups leave out numbers of rows that less than one key in a billion has.
        left_out = 1e-7 * sum(share.keys for share in shares)
        assert few.row_pointer_bytes == pytest.approx(lists, rel=1e-6, abs=left_out)
