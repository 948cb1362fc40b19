"""The catalogue of interest labels."""
