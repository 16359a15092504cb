"""Softmax's family down columns: as formulas in float64 say, and the same bits for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import reduce
from minigrad.kernels.machine import threads

shapes = st.tuples(st.integers(1, 4), st.integers(1, 40), st.integers(2, 700))


def formulas(x, g):
    x, g = x.astype(np.float64), g.astype(np.float64)
    away = x - x.max(1, keepdims=True)
    logs = away - np.log(np.exp(away).sum(1, keepdims=True))
    y = np.exp(logs)
    return {
        "softmax": y,
        "log_softmax": logs,
        "softmax_backward": (g - (g * y).sum(1, keepdims=True)) * y,
        "log_softmax_backward": g - y * g.sum(1, keepdims=True),
    }


@given(shapes, st.sampled_from([np.float32, np.float64]), st.floats(0, 300))
def test_down_columns(shape, dtype, size):
    rng = np.random.default_rng(shape[2])
    x, g = (rng.standard_normal((2, *shape)) * [[[[size]]], [[[1]]]]).astype(dtype)
    want = formulas(x, g)
    close = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-11}
    before = threads.get_num_threads()
    for name, answer in want.items():
        given_ = (x,) if not name.endswith("backward") else (g, want[name[:-9]].astype(dtype))
        found = []
        for count in (1, 3):
            threads.set_num_threads(count)
            found.append(reduce.softmax_family(name, 1, *given_))
        threads.set_num_threads(before)
        np.testing.assert_allclose(found[0], answer, **close)
        assert found[0].tobytes() == found[1].tobytes()


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_is_not_a_number_spoils_its_column_only(odd):
    x = np.zeros((2, 5, 300), np.float32)
    x[1, 3, 7] = odd
    with np.errstate(all="ignore"):
        y = reduce.softmax_family("softmax", 1, x)
    assert np.isnan(y[1, :, 7]).any()
    y[1, :, 7] = 0.2
    np.testing.assert_allclose(y, 0.2, rtol=1e-6)
