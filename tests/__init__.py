"""minigrad's tests: a package, so that they can share `strategies` and `optable`."""
