"""The SQL reading: sets and conditions per criterion, composed to one statement."""
