"""What every test runs under: hypothesis profiles, one torch thread, clean global state.

Profiles: "dev" is quick, "ci" draws the same examples each time, "deep" is for a night. One is
chosen with HYPOTHESIS_PROFILE=deep or --hypothesis-profile=deep; else it is "ci" where CI is set
and "dev" elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest
import torch

from minigrad import _types

QUIET = {
    "deadline": None,  # the first call of a kernel compiles it
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
}
hypothesis.settings.register_profile("dev", max_examples=30, **QUIET)
hypothesis.settings.register_profile("ci", max_examples=60, derandomize=True, **QUIET)
hypothesis.settings.register_profile("deep", max_examples=2000, **QUIET)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    """Keep torch's pool of threads off the cores that minigrad's kernels are tested on."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def torch_name() -> Iterator[None]:
    """Print tensors, dtypes and sizes under torch's name, to be compared with torch's text."""
    before = _types.package
    _types.package = "torch"
    yield
    _types.package = before
