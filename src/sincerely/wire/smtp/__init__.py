"""Handing mail over by SMTP: our own pipelining client."""
