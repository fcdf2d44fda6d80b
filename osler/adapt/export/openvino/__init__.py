"""Networks written as OpenVINO's IR, for its runtime and for openvino-genai (docs/decisions/074)."""
