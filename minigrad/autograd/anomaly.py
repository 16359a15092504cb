"""Anomaly detection: an error in backward, or a NaN, is told with the forward call that led to it."""

from __future__ import annotations

import warnings
from typing import Any

from .. import _tape


class set_detect_anomaly:  # noqa: N801  (torch's name)
    """Switch anomaly detection on or off, at once and, in a ``with``, until its end.

    check_nan is accepted; NaN is always looked for.
    """

    on = False

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = set_detect_anomaly.on
        _set(mode)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: Any) -> None:
        _set(self.before)


class detect_anomaly:  # noqa: N801  (torch's name)
    """In a ``with``: an error in backward, or a NaN, comes with the stack of the forward call.

    Every op then remembers its stack, which is slow: for looking for a fault only.
    """

    def __init__(self, check_nan: bool = True):
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )
        self.before = False

    def __enter__(self) -> None:
        self.before = set_detect_anomaly.on
        _set(True)

    def __exit__(self, *_: Any) -> None:
        _set(self.before)


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return set_detect_anomaly.on


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switch anomaly detection on or off."""
    _set(mode)


def _set(on: bool) -> None:
    set_detect_anomaly.on = bool(on)
    _tape.watch(bool(on))
