"""What tests of datasets and loaders run under."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture(autouse=True)
def _hard_limit():
    """A test that hangs, as one of processes may, ends with an error."""

    def stop(*_):
        raise TimeoutError("the test hangs")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
