"""Checkpoints as people have them: GGUF and safetensors, through one exact form."""
