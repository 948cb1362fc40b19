"""Pages of the content domain."""
