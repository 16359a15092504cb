"""``autocast``, which computes in the dtypes of the tensors, and says so."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from .. import _types


class autocast:  # noqa: N801  (torch's name)
    """In a ``with``, or as a decorator: what torch would compute in a shorter dtype is computed as ever.

    Enabled, it warns of that once when it is made, as torch does where there is no GPU or no such dtype; with
    ``enabled=False`` it is silent.  ValueError or RuntimeError for what names no device.

    >>> import minigrad as mg
    >>> with mg.autocast("cpu", enabled=False):
    ...     (mg.ones(2, 2) @ mg.ones(2, 2)).dtype
    minigrad.float32
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = _types.device(device_type).type
        self.dtype = dtype
        if enabled and self.device == "cuda":
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.",
                UserWarning,
                stacklevel=2,
            )
        elif enabled:
            warnings.warn(
                f"In {self.device.upper()} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{_types.package} computes in the dtypes of the tensors.",
                UserWarning,
                stacklevel=2,
            )

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return call


def is_autocast_available(device_type: str) -> bool:
    """False: nothing is cast by itself."""
    return False


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False: nothing is cast by itself."""
    return False


def custom_fwd(
    fwd: Callable[..., Any] | None = None, *, device_type: str = "cuda", cast_inputs: Any = None
) -> Any:
    """Decorates the ``forward`` of a Function for use under `autocast`: it stays as it is."""
    return fwd if fwd is not None else lambda function: function


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str = "cuda") -> Any:
    """Decorates the ``backward`` of a Function for use under `autocast`: it stays as it is."""
    return bwd if bwd is not None else lambda function: function
