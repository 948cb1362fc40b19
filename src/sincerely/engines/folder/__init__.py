"""Folds captured signals and sending outcomes into events, verdicts, rollups and labels."""
