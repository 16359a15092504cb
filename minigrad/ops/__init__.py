"""The vocabulary: every differentiable op, once, with its backward rules beside it.

Ops are polymorphic: given arrays they compute, given tensors they record.  They know the tape and the kernels, and
nothing of class Tensor.
"""
