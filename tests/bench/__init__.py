"""Benchmarks of minigrad against PyTorch, run by `python -m tests.bench`."""
