"""Pages of the frame: home, search, set-up."""
