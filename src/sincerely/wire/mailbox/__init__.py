"""The test mailbox: a real SMTP server on loopback and the file it keeps its mail in."""
