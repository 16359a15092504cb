"""Cases for resampling, and for what reorders channels and pixels (torch errs where there are none)."""

from __future__ import annotations

from hypothesis import strategies as st

from . import strategies as our
from .cases import Case

_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3, "lanczos": 2}


def _resampled(draw, fill, mode, options, least=1):
    """By sizes or by factors; not by a factor that leaves a size: torch's gradients are then off."""
    n = _DIMS.get(mode) or draw(st.integers(1, 3))
    size = [draw(st.integers(2, 5)) for _ in range(n)]
    x = fill((draw(st.integers(0, 2)), draw(st.integers(1, 2)), *size))
    if draw(st.booleans()):
        options["size"] = [draw(st.integers(least, 7)) for _ in range(n)]
    else:
        factors = st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.6])
        options["scale_factor"] = [draw(factors) for _ in range(n)]
        if mode != "area":
            options["recompute_scale_factor"] = draw(st.sampled_from([None, True, False]))
    return Case(x, mode=mode, **options)


def copied(draw, fill):
    return _resampled(draw, fill, draw(st.sampled_from(["nearest", "nearest-exact", "area"])), {})


def interpolated(draw, fill):
    mode = draw(st.sampled_from(["linear", "bilinear", "trilinear", "bicubic"]))
    corners = {"align_corners": draw(st.sampled_from([None, True, False]))}
    return _resampled(draw, fill, mode, corners)


def antialiased(draw, fill):
    """Not to a width of 1: there torch repeats the first row."""
    mode = draw(st.sampled_from(["bilinear", "bicubic", "lanczos"]))
    return _resampled(draw, fill, mode, {"antialias": True}, least=2)


def shuffled(draw, fill):
    factor = draw(st.integers(1, 3))
    *lead, c, h, w = draw(our.shapes(min_dims=3, max_dims=4, min_side=1, max_side=2))
    return Case(fill((*lead, c * factor * factor, h, w)), factor)


def unshuffled(draw, fill):
    factor = draw(st.integers(1, 3))
    *lead, c, h, w = draw(our.shapes(min_dims=3, max_dims=4, min_side=1, max_side=2))
    return Case(fill((*lead, c, h * factor, w * factor)), factor)


def dealt(draw, fill):
    groups = draw(st.integers(1, 3))
    n, c, *size = draw(our.shapes(min_dims=3, max_dims=4, min_side=1, max_side=2))
    return Case(fill((n, c * groups, *size)), groups)
