"""Osler runs MedGemma on your own medical files, on the machine you have."""
