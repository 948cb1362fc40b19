"""The test mailbox's process."""
