"""What keeps the installation running: signs of life, and files kept in the database."""
