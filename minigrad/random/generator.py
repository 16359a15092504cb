"""Generators of random numbers: seeds, states, and the default one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import _sampling, _types
from .._tape import Traced, wrap
from ..tensor import Tensor


class Generator:
    """A source of random numbers with a state of its own.

    >>> from minigrad.random import Generator, rand
    >>> g = Generator().manual_seed(7)
    >>> rand(2, generator=g)
    tensor([0.5349, 0.1988])
    """

    def __init__(self, device: Any = "cpu"):
        self.device = _types.device(device)
        if self.device.type != "cpu":
            raise RuntimeError(
                f"Device type {self.device.type.upper()} is not supported for {_types.package}.Generator(): "
                "it computes on the CPU only"
            )
        self.engine = _sampling.Engine()

    def manual_seed(self, seed: int) -> Generator:
        """Start anew from a seed, -2**63 to 2**64 - 1; answers the generator.

        RuntimeError unless it is an int, ValueError where it is out of range.
        """
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        self.engine.manual_seed(int(seed))
        return self

    def seed(self) -> int:
        """Start anew from a seed that the operating system draws; answers it."""
        return self.engine.seed()

    def initial_seed(self) -> int:
        """The seed last started from, 0 to 2**64 - 1."""
        return self.engine.initial_seed()

    def get_state(self) -> Tensor:
        """All that decides the numbers to come: (5056,) uint8, which torch's generators understand."""
        return wrap(self.engine.get_state())

    def set_state(self, new_state: Tensor) -> Generator:
        """Continue from what get_state answered, here or in torch; answers the generator.

        TypeError unless it is a uint8 tensor, RuntimeError unless it is a state.
        """
        if not isinstance(new_state, Traced):
            raise TypeError(
                f"expected a {_types.package}.ByteTensor, but got {type(new_state).__name__}"
            )
        self.engine.set_state(new_state.array)
        return self

    def clone_state(self) -> Generator:
        """A new generator that will draw what this one would."""
        twin = Generator(self.device)
        twin.engine.set_state(self.engine.get_state())
        return twin


default_generator = Generator()
default_generator.engine = _sampling.default


def manual_seed(seed: Any) -> Generator:
    """Start the default generator anew from int(seed); answers it.

    >>> from minigrad.random import manual_seed, rand
    >>> _ = manual_seed(0)
    >>> rand(2)
    tensor([0.4963, 0.7682])
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Start the default generator anew from a seed that the operating system draws; answers it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator was last started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator: (5056,) uint8."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator continue from what get_rng_state answered."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **_: Any) -> Iterator[None]:
    """Draw freely inside a with-statement: the default generator's state is set back after it."""
    if not enabled:
        yield
        return
    before = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(before)


def engine_of(generator: Any) -> _sampling.Engine:
    """The engine of a generator, or the default one for None; TypeError for anything else."""
    if generator is None:
        return _sampling.default
    if not isinstance(generator, Generator):
        raise TypeError(
            f"generator must be a {_types.package}.Generator, not {type(generator).__name__}"
        )
    return generator.engine
