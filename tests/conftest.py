"""What every test runs under: hypothesis profiles, one torch thread, clean global state.

Profiles: "dev" is quick, "ci" more thorough; both draw the same examples each time. "deep" draws
new ones, for a night. One is chosen with HYPOTHESIS_PROFILE=deep or --hypothesis-profile=deep;
else it is "ci" where CI is set and "dev" elsewhere.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Iterator

import hypothesis
import numpy as np
import pytest
import torch

import minigrad
from minigrad import _print, _types

QUIET = {
    "deadline": None,  # the first call of a kernel compiles it
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
}
hypothesis.settings.register_profile("dev", max_examples=20, derandomize=True, **QUIET)
hypothesis.settings.register_profile("ci", max_examples=30, derandomize=True, **QUIET)
hypothesis.settings.register_profile("deep", max_examples=2000, **QUIET)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would the programs that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


with warnings.catch_warnings():  # said once in a process: that index_reduce is in beta
    warnings.simplefilter("ignore")
    for package in (torch, minigrad):
        one = package.ones(1)
        package.index_reduce(one, 0, one.long() * 0, one, "prod")


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    """Keep torch's pool of threads off the cores that minigrad's kernels are tested on."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def said_once():
    """Have both packages say beforehand what they say once in a process: no test meets it by its place in the order.

    tests/test_warnings.py looks at these warnings; every other one is an error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for package in (torch, minigrad):
            package.meshgrid(package.arange(2), package.arange(2))
            package.ones(2, 3, 4).T  # noqa: B018
            package.tensor([np.ones(2)])
            package.from_numpy(np.broadcast_to(np.ones(1), 2))
            x = package.ones(1, requires_grad=True)
            float(x)
            x.sum().backward(create_graph=True)


@pytest.fixture(scope="module")
def torch_name() -> Iterator[None]:
    """Print tensors, dtypes and sizes under torch's name, to be compared with torch's text."""
    before = _types.package
    _types.package = "torch"
    yield
    _types.package = before


def _watched() -> dict[str, object]:
    """What a test could leave behind for the next one."""
    return {
        "grad mode": minigrad.is_grad_enabled(),
        "default dtype": minigrad.get_default_dtype(),
        "thread count": minigrad.get_num_threads(),
        "print options": _print.get_printoptions(),
        "NumPy's global generator": hash(np.random.get_state()[1].tobytes()),
    }


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    """Fail a test that leaves global state changed; seed the default generator for each test.

    Any test may draw from the default generator, which starts alike for all, so that what ran
    before makes no difference. State is put back on failure: one culprit gives one failure.
    """
    before = _watched()
    numpys = np.random.get_state()
    minigrad.manual_seed(0)
    yield
    after = _watched()
    minigrad.set_grad_enabled(before["grad mode"])
    minigrad.set_default_dtype(before["default dtype"])
    minigrad.set_num_threads(before["thread count"])
    _print.set_printoptions(**before["print options"])
    np.random.set_state(numpys)
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert not changed, f"the test leaves global state changed (before, after): {changed}"


@pytest.fixture
def random_states():
    """Leave both packages' default generators as they were."""
    with minigrad.random.fork_rng(), torch.random.fork_rng():
        yield
