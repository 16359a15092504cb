"""One step of an optimizer, on arrays: chooses between NumPy and Numba, which give the same bits.

For a few steps on small parameters, as in a first experiment, loading and compiling kernels would
cost more than they save.  So NumPy does the work until that has taken as long as the kernels take
to get: at the worst, half of the time is lost.
"""

import operator
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Columns = Sequence[Sequence[Array]]

# Seconds of NumPy's work after which kernels are loaded: together with Numba, which takes as long;
# where Numba is there already, from the disk, which takes this long (or compiled, once and for all).
WORTH_LOADING, WORTH_COMPILING = 0.6, 0.005
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
_spent = 0.0  # seconds of NumPy's work in this process


class Updates:
    """The updates of a group of parameters, which from step to step lie in the same memory.

    columns[k][t]: argument k of the rule for parameter t, all but the gradient: the parameters
    themselves, then the buffers.  What was found out about them is kept while they stay the same.
    """

    def __init__(self) -> None:
        self.columns: Columns = ()
        self.kinds: dict[Any, list[int]] = {}  # which parameters a kernel takes, by their dtype
        self.tables: dict[Any, Any] = {}

    def know(self, columns: Columns) -> bool:
        """Whether these are the very arrays of the last step."""
        return len(columns) == len(self.columns) and all(
            len(new) == len(old) and all(map(operator.is_, new, old))
            for new, old in zip(columns, self.columns, strict=True)
        )

    def meet(self, columns: Columns) -> None:
        """Take other arrays from now on; those of one parameter have one shape."""
        self.columns, self.kinds, self.tables = columns, {}, {}
        for t, row in enumerate(zip(*columns, strict=True)):
            self.kinds.setdefault(_regular(row), []).append(t)

    def carry_out(
        self, rule: Any, grads: Sequence[Array], settings: Sequence[int], numbers: Sequence[Any]
    ) -> None:
        """Carry out a rule of `rules` on each parameter, its buffers and its gradient.

        settings[t]: which entry of `numbers`, tuples of floats, parameter t takes.
        """
        if not _kernels_pay():
            self._by_numpy(range(len(grads)), rule, grads, settings, numbers)
            return
        from minigrad.kernels.optim import sweep

        for dtype, members in self.kinds.items():
            if dtype is None:
                self._by_numpy(members, rule, grads, settings, numbers)
                continue
            if dtype not in self.tables:
                columns = [[column[t] for t in members] for column in self.columns]
                self.tables[dtype] = sweep.Table(columns)
            if len(members) < len(grads):
                grads = [grads[t] for t in members]
                settings = [settings[t] for t in members]
            self.tables[dtype].update(rule, grads, settings, numbers)

    def _by_numpy(
        self,
        members: Iterable[int],
        rule: Any,
        grads: Sequence[Array],
        settings: Sequence[int],
        numbers: Sequence[Any],
    ) -> None:
        global _spent
        began = time.perf_counter()
        for t in members:
            row = [column[t] for column in self.columns]
            found = rule(*row, grads[t], *numbers[settings[t]])
            for old, new in zip(row, found, strict=True):
                np.copyto(old, new, casting="same_kind")
        _spent += time.perf_counter() - began


def _kernels_pay() -> bool:
    if "minigrad.kernels.optim.sweep" in sys.modules:
        return True
    enough = WORTH_COMPILING if "numba" in sys.modules else WORTH_LOADING
    return _spent > enough and not _INTERPRETED


def _regular(row: Sequence[Array]) -> Any:
    """The dtype of arrays that a kernel takes, else None."""
    dtype = row[0].dtype
    if dtype.char not in "fd" or any(a.dtype is not dtype or not a.flags.carray for a in row):
        return None
    return dtype
