"""Python's ``multiprocessing``, where scripts have it from; tensors are sent to another process as copies."""

from __future__ import annotations

import multiprocessing as _processes
from multiprocessing import *  # noqa: F403

__all__ = [*_processes.__all__, "get_all_sharing_strategies", "get_sharing_strategy"]


def get_all_sharing_strategies() -> set[str]:
    """No way of sharing tensors' memory among processes."""
    return set()


def get_sharing_strategy() -> str:
    """How tensors go to another process: as copies."""
    return "copy"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted, with no effect: tensors go as copies."""
