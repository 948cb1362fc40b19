"""The outside world, one kind of input and output per module, with a double beside it."""
