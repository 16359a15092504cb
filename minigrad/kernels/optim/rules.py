"""What each optimizer does to one element: a formula for numbers, arrays and tensors alike.

A rule is given, before its ``/``, the element of the parameter ``p``, those of the optimizer's
buffers, and the gradient ``g``; after it numbers that are the same for all elements.  It answers
the new ``p`` and the new buffers, in their order, and changes nothing.

The same functions are called on whole arrays (by NumPy), compiled for one element (by
`sweep`, where the loop around them is vectorised), and on tensors by optimizers that are
differentiable themselves.  For the sake of the second, rules hold no numbers of their own: Numba
would take them for float64.  All three give the same bits.

Numbers that many rules have:
    way     1, or -1 to climb instead of to descend
    decay   how much of p is added to the gradient (an L2 penalty)
    shrink  what p is multiplied by beforehand (decoupled weight decay)
    keep, take   shares of the old value and of the new one in a running average
    rate    the step's length

Sources of the formulas: the pages of PyTorch's ``torch.optim`` and the papers named there.
"""

from typing import Any

import numpy as np


def _slope(p: Any, g: Any, way: Any, decay: Any) -> Any:
    """The gradient to descend along."""
    g = way * g
    if decay:
        g = g + decay * p
    return g


def descent(p: Any, g: Any, /, way: Any, decay: Any, rate: Any) -> Any:
    """SGD without momentum."""
    return (p - rate * _slope(p, g, way, decay),)


def momentum(
    p: Any, b: Any, g: Any, /, way: Any, decay: Any, keep: Any, take: Any, ahead: Any, rate: Any
) -> Any:
    """SGD with momentum; ahead: Nesterov's share of the momentum, or 0."""
    g = _slope(p, g, way, decay)
    b = keep * b + take * g
    step = b
    if ahead:
        step = g + ahead * b
    return p - rate * step, b


def _moments(m: Any, v: Any, g: Any, keep1: Any, take1: Any, keep2: Any, take2: Any) -> Any:
    """The running averages of the gradient and of its square."""
    return keep1 * m + take1 * g, keep2 * v + take2 * g * g


def adam(
    p: Any, m: Any, v: Any, g: Any, /, way: Any, decay: Any, shrink: Any,
    keep1: Any, take1: Any, keep2: Any, take2: Any, root: Any, eps: Any, rate: Any,
) -> Any:  # fmt: skip
    """Adam and AdamW; root: the square root of what corrects v's bias to 0."""
    g = _slope(p, g, way, decay)
    m, v = _moments(m, v, g, keep1, take1, keep2, take2)
    return shrink * p - rate * m / (np.sqrt(v) / root + eps), m, v


def amsgrad(
    p: Any, m: Any, v: Any, top: Any, g: Any, /, way: Any, decay: Any, shrink: Any,
    keep1: Any, take1: Any, keep2: Any, take2: Any, root: Any, eps: Any, rate: Any,
) -> Any:  # fmt: skip
    """Adam that divides by the greatest v so far."""
    g = _slope(p, g, way, decay)
    m, v = _moments(m, v, g, keep1, take1, keep2, take2)
    top = np.maximum(top, v)
    return shrink * p - rate * m / (np.sqrt(top) / root + eps), m, v, top


def nadam(
    p: Any, m: Any, v: Any, g: Any, /, way: Any, decay: Any, shrink: Any,
    keep1: Any, take1: Any, keep2: Any, take2: Any, bias: Any, eps: Any, rate: Any, ahead: Any,
) -> Any:  # fmt: skip
    """NAdam; rate and ahead: the steps along the gradient and along its average."""
    g = _slope(p, g, way, decay)
    m, v = _moments(m, v, g, keep1, take1, keep2, take2)
    spread = np.sqrt(v / bias) + eps
    return shrink * p - rate * g / spread - ahead * m / spread, m, v


def radam(
    p: Any, m: Any, v: Any, g: Any, /, way: Any, decay: Any, shrink: Any,
    keep1: Any, take1: Any, keep2: Any, take2: Any, eps: Any, rate: Any, rectified: Any,
) -> Any:  # fmt: skip
    """RAdam; rectified: what a step divided by v's root is multiplied by, 0 while v is not used."""
    g = _slope(p, g, way, decay)
    m, v = _moments(m, v, g, keep1, take1, keep2, take2)
    step = rate * m
    if rectified:
        step = step * (rectified / (np.sqrt(v) + eps))
    return shrink * p - step, m, v


def adamax(
    p: Any, m: Any, u: Any, g: Any, /, way: Any, decay: Any,
    keep1: Any, take1: Any, keep2: Any, eps: Any, rate: Any,
) -> Any:  # fmt: skip
    """Adamax: u is a maximum that fades."""
    g = _slope(p, g, way, decay)
    m = keep1 * m + take1 * g
    u = np.maximum(keep2 * u, abs(g) + eps)
    return p - rate * m / u, m, u


def adagrad(p: Any, s: Any, g: Any, /, way: Any, decay: Any, eps: Any, rate: Any) -> Any:
    """Adagrad: s is the sum of all squares."""
    g = _slope(p, g, way, decay)
    s = s + g * g
    return p - rate * g / (np.sqrt(s) + eps), s


def adadelta(
    p: Any, s: Any, d: Any, g: Any, /, way: Any, decay: Any,
    keep: Any, take: Any, eps: Any, rate: Any,
) -> Any:  # fmt: skip
    """Adadelta: s and d average the squares of gradients and of steps."""
    g = _slope(p, g, way, decay)
    s = keep * s + take * g * g
    step = np.sqrt(d + eps) / np.sqrt(s + eps) * g
    return p - rate * step, s, keep * d + take * step * step


def rmsprop(
    p: Any, s: Any, g: Any, /, way: Any, decay: Any, keep: Any, take: Any, eps: Any, rate: Any
) -> Any:
    """RMSprop."""
    g = _slope(p, g, way, decay)
    s = keep * s + take * g * g
    return p - rate * g / (np.sqrt(s) + eps), s


def rmsprop_momentum(
    p: Any, s: Any, b: Any, g: Any, /, way: Any, decay: Any,
    keep: Any, take: Any, eps: Any, rate: Any, carry: Any,
) -> Any:  # fmt: skip
    """RMSprop whose steps are summed up in b, of which `carry` is kept."""
    g = _slope(p, g, way, decay)
    s = keep * s + take * g * g
    b = carry * b + g / (np.sqrt(s) + eps)
    return p - rate * b, s, b


def rmsprop_centered(
    p: Any, s: Any, a: Any, g: Any, /, way: Any, decay: Any,
    keep: Any, take: Any, eps: Any, rate: Any,
) -> Any:  # fmt: skip
    """RMSprop that divides by the gradient's deviation from its average a."""
    g = _slope(p, g, way, decay)
    a, s = _moments(a, s, g, keep, take, keep, take)
    return p - rate * g / (np.sqrt(s - a * a) + eps), s, a


def rmsprop_centered_momentum(
    p: Any, s: Any, b: Any, a: Any, g: Any, /, way: Any, decay: Any,
    keep: Any, take: Any, eps: Any, rate: Any, carry: Any,
) -> Any:  # fmt: skip
    """Both."""
    g = _slope(p, g, way, decay)
    a, s = _moments(a, s, g, keep, take, keep, take)
    b = carry * b + g / (np.sqrt(s - a * a) + eps)
    return p - rate * b, s, b, a


def rprop(
    p: Any, last: Any, size: Any, g: Any, /, way: Any,
    down: Any, up: Any, least: Any, most: Any, zero: Any, one: Any,
) -> Any:  # fmt: skip
    """Rprop: steps grow while the gradient keeps its sign; where it turns, no step is made."""
    g = way * g
    same = np.sign(g * last)
    kept, turned = np.maximum(same, zero), np.maximum(-same, zero)
    size = size * (up * kept + down * turned + (one - kept - turned))
    size = np.minimum(np.maximum(size, least), most)
    g = g * (one - turned)
    return p - np.sign(g) * size, g, size


def asgd(
    p: Any, average: Any, g: Any, /, way: Any, decay: Any, shrink: Any, rate: Any, share: Any
) -> Any:
    """ASGD; share: that of the new p in the average, 0 while the average is p itself."""
    p = shrink * p - rate * _slope(p, g, way, decay)
    average = average + share * (p - average) if share else p
    return p, average
