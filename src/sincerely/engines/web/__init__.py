"""Pages and the JSON API, on granian."""
