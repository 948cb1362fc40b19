"""What a campaign may do next, when it leaves, and for whom. Pure."""
