"""Forms of the content pages."""
