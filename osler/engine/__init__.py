"""Token ids in, token ids out: sequences, paged blocks, batching, sampling."""
