"""Greedy continuations by llama.cpp, in a process of its own: python llama_cpp.py MODEL.gguf < questions.json.

Reads {"prompts": [[id, …], …], "max_tokens": N}; prints one line of JSON: a list of ids for each prompt.
"""

import json
import sys


def main() -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = sys.argv[1]
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers = 2048, 1, 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1  # more would wait for a busy machine
    parameters.warmup, parameters.verbosity = False, -1
    server = xllamacpp.Server(parameters)
    asked = json.load(sys.stdin)
    print(json.dumps([continued(server, prompt, asked["max_tokens"]) for prompt in asked["prompts"]]), flush=True)


def continued(server, prompt: list[int], max_tokens: int) -> list[int]:
    reply = server.handle_completions(
        {"prompt": prompt, "max_tokens": max_tokens, "temperature": 0, "cache_prompt": False, "logprobs": 1}
    )
    reply = json.loads(reply) if isinstance(reply, str | bytes) else reply
    return [token["id"] for token in reply["choices"][0]["logprobs"]["content"]]


if __name__ == "__main__":
    main()
