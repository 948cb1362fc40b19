"""Pages of the segments domain."""
