"""The words of the Mersenne Twister MT19937, with torch's rules for seeds and its format of states.

The generator itself is NumPy's `MT19937`, seeded as in the original paper; large draws move its
state to a Numba kernel and back.  Knows no distribution.
"""

import functools
import os
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from minigrad import _types

Array = np.ndarray[Any, Any]

DEFAULT_SEED = 67280421310721  # torch's, for a generator never seeded

# Work that costs as much as this many words goes to Numba's kernels: where they are loaded already
# and need no state, where they do or Numba is loaded, and where loading Numba (0.6 s) must pay.
WORTH_CALLING = 1 << 7
WORTH_MOVING = 1 << 13
WORTH_LOADING = 1 << 19
INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")  # no LLVM code then

# torch.get_rng_state(): a C struct of 5056 bytes, kept as it is for the sake of old checkpoints.
STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),  # words left, and one
        ("seeded", "<i4"),
        ("next", "<u8"),  # the next word's place in key; 0 when newly seeded
        ("key", "<u8", 624),
        ("normal_x", "<f8"),  # unused
        ("normal", "<f8"),  # the second normal number of a pair, to be given out next
        ("normal_rho", "<f8"),  # unused
        ("has_normal", "<i4"),
        ("padding", "V4"),
        ("float_normal", "<f4"),  # unused on the CPU
        ("has_float_normal", "?"),
        ("padding_end", "V3"),
    ]
)


class Stream:
    """The words of one generator, its seed, and the normal number it keeps back.

    Safe to draw from in several threads: each draw is of one piece.
    """

    def __init__(self, seed: int = DEFAULT_SEED):
        self._lock = threading.Lock()
        self._spare: float | None = None  # the second of a pair of normal numbers
        # After a kernel has drawn: the state as (key, pos), until NumPy's generator needs it again.
        self._held: tuple[Array, int] | None = None
        self.manual_seed(seed)

    # --------------------------------------------------------------------------------- seeds

    def manual_seed(self, seed: int) -> None:
        """Start anew from seed, a 64-bit integer with or without sign.

        The twister reads its lower 32 bits only, so seeds 7 and 2**32 + 7 give the same numbers.
        ValueError where it has more than 64 bits.
        """
        if not -(2**63) <= seed < 2**64:
            raise ValueError(
                f"Overflow when unpacking long long: a seed lies in [-2**63, 2**64 - 1], got {seed}"
            )
        with self._lock:
            self._initial_seed = seed % 2**64
            self._unseeded = True  # until the first word is asked for
            self._held = None
            self._fresh = True
            self._spare = None

    @functools.cached_property
    def _bits(self) -> Any:
        """NumPy's twister; made when first needed, as importing numpy.random takes its time."""
        return np.random.MT19937(0)

    @functools.cached_property
    def _seeder(self) -> Any:
        return np.random.RandomState(self._bits)

    def _plant(self) -> None:
        """Start NumPy's twister from the seed."""
        self._seeder.seed(self._initial_seed % 2**32)
        self._unseeded = False

    def seed(self) -> int:
        """Start anew from a seed of 64 bits that the operating system draws; answers it."""
        seed = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed last started from, 0 to 2**64 - 1."""
        return self._initial_seed

    # -------------------------------------------------------------------------------- states

    def get_state(self) -> Array:
        """Everything that decides the numbers to come: (5056,) uint8, in torch's format."""
        state = np.zeros(1, STATE)
        with self._lock:
            state["key"], pos = self._take()
            state["seed"], state["seeded"] = self._initial_seed, 1
            state["left"], state["next"] = 625 - pos, 0 if self._fresh else pos
            if self._spare is not None:
                state["normal"], state["has_normal"] = self._spare, 1
        return state.view(np.uint8)

    def set_state(self, state: Array) -> None:
        """Continue from what get_state answered, here or in torch.

        TypeError where it is not uint8; RuntimeError where it is not of 5056 bytes or not a state.
        """
        if state.dtype != np.uint8:
            raise TypeError(
                f"RNG state must be a {_types.package}.ByteTensor, but got dtype {state.dtype}"
            )
        if state.size != STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE.itemsize} "
                f"but found the input RNG state size to be {state.size}"
            )
        given = np.ascontiguousarray(state).reshape(-1).view(STATE)[0]
        left, pos = int(given["left"]), int(given["next"])
        fits = left + pos == 625 or (left == 1 and pos <= 624)
        if given["seeded"] != 1 or not 0 < left <= 624 or not fits:
            raise RuntimeError("Invalid mt19937 state")
        with self._lock:
            self._held = given["key"].astype(np.uint32), 625 - left
            self._unseeded = False
            self._fresh = left == 1 and pos == 0
            self._initial_seed = int(given["seed"])
            self._spare = float(given["normal"]) if given["has_normal"] else None

    def __getstate__(self) -> Array:
        return self.get_state()

    def __setstate__(self, state: Array) -> None:
        Stream.__init__(self)
        self.set_state(state)

    # --------------------------------------------------------------------------------- words

    def words(self, count: int) -> Array:
        """The next words: (count,) uint64, each below 2**32."""
        with self._lock:
            if self._held is not None:
                key, pos = self._held
                self._bits.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": pos}}
                self._held = None
            elif self._unseeded:
                self._plant()
            if count:
                self._fresh = False
            return self._bits.random_raw(count)

    def long_words(self, count: int) -> Array:
        """Two words each, the first one high: (count,) uint64."""
        words = self.words(2 * count)
        return words[0::2] << 32 | words[1::2]

    def run(self, kernel: Callable[..., int], *arguments: Any) -> None:
        """Let a kernel draw: kernel(key, pos, *arguments), which answers the new pos."""
        with self._lock:
            key, pos = self._take()
            self._held = key, kernel(key, pos, *arguments)
            self._fresh = False

    def _take(self) -> tuple[Array, int]:
        """The state as (key, pos), wherever it is."""
        if self._held is not None:
            return self._held
        if self._unseeded:
            self._plant()
        twister = self._bits.state["state"]
        return twister["key"], int(twister["pos"])


def kernels(cost: int, moves_state: bool = True) -> ModuleType | None:
    """Numba's kernels, or None where work that costs as much as that many words is too small."""
    if cost < (WORTH_MOVING if moves_state else WORTH_CALLING) or INTERPRETED:
        return None
    loading = WORTH_MOVING if "numba" in sys.modules else WORTH_LOADING
    if cost < loading and "minigrad.kernels.random" not in sys.modules:
        return None
    from minigrad.kernels import random

    return random
