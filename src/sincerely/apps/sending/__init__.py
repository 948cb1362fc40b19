"""Senders, transports, the gate, the outbox, retries."""
