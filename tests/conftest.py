"""What every test runs under: hypothesis profiles, one torch thread, one clean global state.

The profile is taken from HYPOTHESIS_PROFILE; without it, "ci" where CI is set and "dev" elsewhere.
"""

import os

import hypothesis
import pytest
import torch

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
