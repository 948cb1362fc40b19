"""How numbers are cut and named. Pure."""
