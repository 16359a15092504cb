"""What scripts ask of Apple's GPUs: they are not used."""


def is_available() -> bool:
    """False: minigrad computes on the CPU."""
    return False


def device_count() -> int:
    """0: minigrad computes on the CPU."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the GPU's generator: there is none."""


def empty_cache() -> None:
    """Free the GPU's memory that is not used: there is none."""
