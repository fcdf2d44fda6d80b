"""The network, written once as OpenVINO graph functions."""
