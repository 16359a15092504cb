"""The graph as users see it, in ``torch.autograd.graph``'s names."""

from .._tape import Node

__all__ = ["Node"]
