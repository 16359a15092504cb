"""What PyTorch says of Apple's GPUs."""


def is_available() -> bool:
    """False: minigrad does not use it."""
    return False


def is_built() -> bool:
    """False: minigrad computes on the CPU."""
    return False
