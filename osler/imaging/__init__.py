"""Arrays in, arrays out: padding, resizing, normalising, drawing. Opens no file."""
