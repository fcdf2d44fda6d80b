"""Networks written as ONNX, for onnxruntime and whatever else reads it (docs/decisions/074)."""
