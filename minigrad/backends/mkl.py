"""What PyTorch says of Intel's library of matrix products."""


def is_available() -> bool:
    """False: minigrad does not use it."""
    return False
