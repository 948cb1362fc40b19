"""The SQL reading: sets and conditions per criterion, and their composition to one statement."""
