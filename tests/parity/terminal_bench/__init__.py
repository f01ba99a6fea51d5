"""What the authors' own packages say of screens and rewards, and how it was recorded."""
