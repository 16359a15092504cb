"""Fast loops on plain NumPy arrays: the only place that knows Numba.

Kernels take and give ndarrays whose shapes and dtypes the caller has checked.
They know no Tensor, no autograd and no user arguments.  Importing this package
imports no Numba: each module asks for it when its first kernel is needed.
"""
