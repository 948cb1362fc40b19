"""One parent for all processes of a machine: starts, watches, restarts and stops them."""
