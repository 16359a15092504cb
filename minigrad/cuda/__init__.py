"""What code that asks for a GPU is told: there is none.

As in a PyTorch built without CUDA, what only counts, frees or seeds does nothing, so that the usual preparations of
scripts run unchanged; what needs a device raises AssertionError.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from .. import _types


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as mg
    >>> mg.device("cuda" if mg.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def is_initialized() -> bool:
    """False: there is nothing to initialize."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no GPU that would."""
    return False


def device_count() -> int:
    """0: minigrad computes on the CPU."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the GPU's generator: there is none; `minigrad.manual_seed` seeds the one there is.

    >>> import minigrad as mg
    >>> mg.cuda.manual_seed_all(0)
    """


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all GPUs: there are none."""


def seed() -> None:
    """Seed the GPU's generator by chance: there is none."""


def seed_all() -> None:
    """Seed the generators of all GPUs by chance: there are none."""


def get_rng_state_all() -> list[Any]:
    """The states of the generators of all GPUs: an empty list."""
    return []


def set_rng_state_all(new_states: Iterable[Any]) -> None:
    """Set the states of the generators of all GPUs; AssertionError if there is a state."""
    for _ in new_states:
        _types.on_cpu("cuda")


def empty_cache() -> None:
    """Free the GPU's memory that is not used: there is none."""


def memory_allocated(device: Any = None) -> int:
    """0 bytes: there is no GPU."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def _refused(name: str) -> Callable[..., Any]:
    def refused(*args: Any, **kwargs: Any) -> Any:
        _types.on_cpu("cuda")

    refused.__name__ = refused.__qualname__ = name
    refused.__doc__ = "AssertionError: there is no GPU."
    return refused


def reset_peak_memory_stats(device: Any = None) -> None:
    """Forget the most memory that was used: there is none."""


reset_max_memory_allocated = ipc_collect = reset_peak_memory_stats


class Stream:
    """A GPU's queue of work; RuntimeError when one is made: there is no GPU."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise RuntimeError(f"{_types.package}.cuda.Stream requires CUDA support")


class Event:
    """A mark in a GPU's queue of work; RuntimeError when one is made: there is no GPU."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise RuntimeError("Tried to instantiate dummy base class Event")


def _no_type(name: str) -> type:
    def refused(cls: type, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"type {_types.package}.cuda.{name} not available. Torch not compiled with CUDA enabled."
        )

    doc = "The type of a GPU's tensors: no tensor is one, and TypeError when one is made."
    return type(name, (), {"__new__": refused, "__doc__": doc, "__module__": __name__})


BoolTensor, ByteTensor, CharTensor = map(_no_type, ("BoolTensor", "ByteTensor", "CharTensor"))
DoubleTensor, FloatTensor = map(_no_type, ("DoubleTensor", "FloatTensor"))
HalfTensor, IntTensor = map(_no_type, ("HalfTensor", "IntTensor"))
LongTensor, ShortTensor = map(_no_type, ("LongTensor", "ShortTensor"))

current_device = _refused("current_device")
current_stream = _refused("current_stream")
get_device_capability = _refused("get_device_capability")
get_device_name = _refused("get_device_name")
get_device_properties = _refused("get_device_properties")
get_rng_state = _refused("get_rng_state")
init = _refused("init")
mem_get_info = _refused("mem_get_info")
memory_summary = _refused("memory_summary")
set_device = _refused("set_device")
set_rng_state = _refused("set_rng_state")
synchronize = _refused("synchronize")


def __getattr__(name: str) -> Any:
    """``amp``, which is loaded when it is asked for."""
    if name != "amp":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.amp")
