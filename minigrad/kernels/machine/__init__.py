"""What kernels stand on: compiled code, registers, memory, threads, NumPy's and BLAS's own loops."""
