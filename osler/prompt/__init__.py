"""Messages to token ids: special tokens, chat template, image spans, thinking, token budget."""
