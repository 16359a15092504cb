"""What code that asks for a GPU is told: there is none."""


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as mg
    >>> mg.device("cuda" if mg.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def device_count() -> int:
    """0: minigrad computes on the CPU."""
    return 0
