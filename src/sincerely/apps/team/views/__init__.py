"""Pages of the team domain."""
