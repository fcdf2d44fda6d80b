"""Files to values: decodes and does not interpret."""
