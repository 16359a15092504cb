"""Fast loops on plain NumPy arrays: the only place that knows Numba.

    machine/      what they stand on: compilation, registers, memory, threads, NumPy's loops, BLAS
    conv/         convolution and its two adjoints
    pool/         windows: maxima, means, what spreads over them; im2col
    norm/         normalisation of planes, columns and rows
    resample/     interpolation
    reduce/       sums, extremes, softmax, cross-entropy
    along/        running sums, products and extremes; what an index names along a dimension
    order/        sorting, and the largest few
    elementwise/  one number at a time: arithmetic, activations, special functions
    optim/        the steps of optimizers, over all parameters at once
    products.py   products of matrices, larger ones by gemm.py and inner.py;  random.py  torch's random numbers

Kernels take and give ndarrays whose shapes and dtypes the caller has checked.
They know no Tensor, no autograd and no user arguments.  Importing this package
imports no Numba: each module asks for it when its first kernel is needed.
"""
