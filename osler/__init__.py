"""Osler runs MedGemma on your own medical files, on the machine you have."""

from osler.telemetry import refuse_telemetry

refuse_telemetry()
