"""What each contact cares about: labels with evidence and strength."""
