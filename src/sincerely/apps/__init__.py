"""What the product does: one Django app per domain, lowest first."""
