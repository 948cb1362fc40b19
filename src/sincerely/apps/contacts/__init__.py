"""The people we may write to, their fields and lists."""
