"""Rules of engagement: tokens, verdicts, estimates. Pure."""
