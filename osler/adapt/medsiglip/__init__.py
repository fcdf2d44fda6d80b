"""Tuning MedSigLIP, on torch."""
