"""The sender: claim → gate → personalise → sign → hand over → record."""
