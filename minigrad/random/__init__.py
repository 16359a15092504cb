"""Random tensors and the generators they come from: `torch.random`, `torch.rand` to `multinomial`.

After `manual_seed(s)` every function draws the numbers that torch draws on the CPU, bit for bit. Here
are arguments, options and tensors only; the numbers are made in `_sampling`.

Options that all functions making a tensor share, as in torch: `generator` (the default one unless
given), `out` (a tensor to fill, of its own dtype, resized if need be), `dtype`, `device` (the CPU),
`requires_grad`; `layout` and `pin_memory` change nothing. Errors are raised before anything is drawn:
TypeError for what is no size or no number, RuntimeError for a value out of range,
NotImplementedError for a dtype that the distribution lacks.
"""

from .generator import (
    Generator,
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .sized import rand, rand_like, randint, randint_like, randn, randn_like, randperm
from .weighted import bernoulli, multinomial, normal, poisson

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "seed",
    "set_rng_state",
]
