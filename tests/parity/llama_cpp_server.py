"""What llama.cpp makes of a GGUF file and its mmproj, in a process of its own:

    python llama_cpp_server.py MODEL.gguf MMPROJ.gguf|- < asked.json

Reads {"texts": [text, …], "questions": [{"prompt": text, "image": base64 of a PNG}, …], "max_tokens": N}; a prompt has
"<image>" where the image stands. Prints one line of JSON: {"texts": [ids, …], "answers": [{"ids", "logprobs"}, …]}.
"""

import json
import sys
import urllib.request
from typing import Any


def main() -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = sys.argv[1]
    if sys.argv[2] != "-":
        parameters.mmproj.path = sys.argv[2]
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers, parameters.port = 1024, 1, 0, 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1  # more would wait for a busy machine
    parameters.warmup, parameters.verbosity = False, -1
    server = xllamacpp.Server(parameters)
    asked = json.load(sys.stdin)
    marker = call(server, "/props").get("media_marker", "<__media__>")
    texts = [tokens(server, text) for text in asked.get("texts", ())]
    answers = [answer(server, marker, question, asked["max_tokens"]) for question in asked.get("questions", ())]
    print(json.dumps({"texts": texts, "answers": answers}), flush=True)


def call(server: Any, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        server.listening_address + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=240) as reply:
        return json.load(reply)


def tokens(server: Any, text: str) -> list[int]:
    found: list[int] = call(server, "/tokenize", {"content": text, "add_special": False, "parse_special": True})[
        "tokens"
    ]
    return found


def answer(server: Any, marker: str, question: dict[str, str], max_tokens: int) -> dict[str, Any]:
    prompt = {
        "prompt_string": question["prompt"].replace("<image>", marker),
        "multimodal_data": [question["image"]],
    }
    reply = call(
        server,
        "/completion",
        {"prompt": prompt, "n_predict": max_tokens, "temperature": 0, "cache_prompt": False, "n_probs": 1},
    )
    chosen = reply["completion_probabilities"]
    return {
        "ids": [token["id"] for token in chosen],
        "logprobs": [token["logprob"] for token in chosen],
        "prompt_tokens": reply["tokens_evaluated"],
    }


if __name__ == "__main__":
    main()
