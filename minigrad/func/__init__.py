"""``torch.func``: gradients as functions, functions over batches, modules as functions of their parameters.

Made of `autograd`: what computes with tensors that require grad is recorded as ever.
"""

from ._modules import functional_call, stack_module_state
from ._over import vmap
from ._transforms import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "stack_module_state",
    "vjp",
    "vmap",
]
