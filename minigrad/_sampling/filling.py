"""The arguments of tensors' random fillers, `uniform_` to `geometric_`, as torch takes them."""

from typing import Any

import numpy as np

from minigrad._sampling.engine import Engine

Array = np.ndarray[Any, Any]

# Torch's names of the arguments and their defaults; None: there is no default.
_ARGUMENTS: dict[str, dict[str, float | None]] = {
    "uniform_": {"from": 0.0, "to": 1.0},
    "normal_": {"mean": 0.0, "std": 1.0},
    "log_normal_": {"mean": 1.0, "std": 2.0},
    "cauchy_": {"median": 0.0, "sigma": 1.0},
    "exponential_": {"lambd": 1.0},
    "geometric_": {"p": None},
    "bernoulli_": {"p": 0.5},
}


def fill(engine: Engine, name: str, array: Array, *args: Any, **kwargs: Any) -> Array:
    """Fill array in place by the method `name` of engine, with torch's arguments; answers array.

    Numbers may also be ndarrays or tensors of no dimension; bernoulli_'s p one of any shape that
    expands to array's.  TypeError for what is no number, or no argument of the method.
    """
    if name == "random_":
        return engine.random_(array, *_bounds(*args, **kwargs))
    names = _ARGUMENTS[name]
    if len(args) > len(names):
        raise TypeError(
            f"{name}() takes {len(names)} positional arguments ({', '.join(names)}), "
            f"got {len(args)}"
        )
    given = dict(zip(names, args))
    for key, value in kwargs.items():
        if key in given:
            raise TypeError(f"{name}() got multiple values for argument '{key}'")
        if key not in names:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
        given[key] = value
    numbers: list[Any] = []
    for position, (key, default) in enumerate(names.items(), 1):
        value = given.get(key, default)
        if key not in given and default is None:
            raise TypeError(f'{name}() missing 1 required positional argument: "{key}"')
        value = getattr(value, "array", value)
        if name == "bernoulli_" and isinstance(value, np.ndarray):
            numbers.append(value)
        else:
            numbers.append(_number(value, f"{name}(): argument '{key}' (position {position})"))
    return getattr(engine, name)(array, *numbers)


def _number(value: Any, name: str) -> float:
    """value as a Python float; TypeError beginning with name where it is no real number."""
    if isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
        return float(value)
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "biuf":
        return float(value)
    raise TypeError(f"{name} must be float, not {type(value).__name__}")


def _bounds(*args: Any, **kwargs: Any) -> tuple[int | None, int | None]:
    """random_()'s low and high, of (), (to), or (from, to)."""
    names = ("from", "to") if len(args) + len(kwargs) == 2 or "from" in kwargs else ("to",)
    given = dict(zip(names, args))
    if len(args) > len(names) or set(kwargs) - set(names) or given.keys() & kwargs.keys():
        raise TypeError(
            "random_() takes (), (to) or (from, to), "
            f"got {len(args)} positional arguments and {sorted(kwargs)}"
        )
    given.update(kwargs)
    if not given:
        return None, None
    if "to" not in given:
        raise TypeError('random_() missing 1 required positional argument: "to"')
    high = (
        None if given["to"] is None and "from" in given else whole(given["to"], "random_()", "to")
    )
    return whole(given.get("from", 0), "random_()", "from"), high


def whole(value: Any, function: str, name: str) -> int:
    """value as a Python int; TypeError naming the argument where it is no whole number."""
    value = getattr(value, "array", value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iu":
        return int(value)
    raise TypeError(f"{function}: argument '{name}' must be int, not {type(value).__name__}")
