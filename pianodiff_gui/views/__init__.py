"""What the window shows. Views read the session and never write to each other."""
