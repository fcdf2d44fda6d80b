"""Training on torch. Only this package and adapt.medsiglip import it."""
