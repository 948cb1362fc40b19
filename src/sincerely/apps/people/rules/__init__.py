"""What people decides, without Django or the outside world."""
