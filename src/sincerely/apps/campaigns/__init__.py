"""One mailing to an audience: plan, launch, result."""
