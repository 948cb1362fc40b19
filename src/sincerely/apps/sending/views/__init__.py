"""Pages of the sending domain."""
