"""What the JSON API of content takes and gives."""
