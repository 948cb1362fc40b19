"""Read-only numbers over everything below."""
