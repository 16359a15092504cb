"""What PyTorch says of OpenMP."""


def is_available() -> bool:
    """False: minigrad does not use it."""
    return False
