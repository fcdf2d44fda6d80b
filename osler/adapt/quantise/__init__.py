"""Models in fewer bits: which type for which matrix, chosen by measurement."""
