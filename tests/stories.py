"""Short programs run with both packages: what they tell must be the same.

A story is a function of the package. What it answers is compared as text: tensors by what they print, their
strides and versions; exceptions, raised by what is inside ``told``, by their type, and by their text up to its
first colon or full stop where ``words`` are asked for.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import torch

import minigrad

ADDRESS = re.compile(r" object at 0x[0-9a-f]+")


def told(story: Callable[[], Any], words: bool = True) -> str:
    """What a function answers, or the exception it raises, as text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return text(story())
    except Exception as error:  # any: what is compared is which
        said = re.split(r"[.:\[]", str(error))[0] if words else ""
        return f"{type(error).__name__} {said}"


def text(x: Any) -> str:
    """A value as text in which the packages' names are one."""
    if isinstance(x, (minigrad.Tensor, torch.Tensor)):
        return f"{normal(repr(x))} {[s for s, n in zip(x.stride(), x.shape) if n != 1]}"
    if isinstance(x, (tuple, list)) and type(x) in (tuple, list):
        return f"[{', '.join(text(y) for y in x)}]"
    if isinstance(x, dict):
        return f"{{{', '.join(f'{k}: {text(v)}' for k, v in x.items())}}}"
    return normal(repr(x))


def normal(said: str) -> str:
    return ADDRESS.sub("", said).replace("minigrad.", "torch.")


def check(story: Callable[[Any], Any], words: bool = True) -> None:
    """Run a story with both packages and compare what is told."""
    want = told(lambda: story(torch), words)
    got = told(lambda: story(minigrad), words)
    assert got == want, f"minigrad: {got}\ntorch:    {want}"
