"""What travels: message shapes, JSON text, server-sent events. No I/O, no clock."""
