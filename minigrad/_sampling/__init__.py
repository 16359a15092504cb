"""Torch's CPU random numbers as NumPy arrays: what tensors are filled with.

    stream.py    the words of the Mersenne Twister, seeds and saved states
    checks.py    which arguments a distribution takes, and torch's words where it does not
    engine.py    numbers made of the words: one method per distribution
    composed.py  draws made of other draws
    filling.py   the arguments of tensors' fillers
    default      the engine used where a call names no generator

Every draw gives torch's numbers bit for bit, as torch's kernels for AVX2 and AVX512 make them, on
every machine.  Small draws are made by NumPy and never load Numba; large ones run in
`minigrad.kernels.random`, with the same bits.  Knows nothing of tensors.
"""

from minigrad._sampling.checks import countable
from minigrad._sampling.composed import multinomial, poisson, trunc_normal_
from minigrad._sampling.engine import Engine
from minigrad._sampling.filling import fill, whole

__all__ = [
    "Engine",
    "countable",
    "default",
    "fill",
    "multinomial",
    "poisson",
    "trunc_normal_",
    "whole",
]

default = Engine()
default.seed()
