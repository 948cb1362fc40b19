"""How the product runs: one package per process that the supervisor starts."""
