"""Write the model's folder with exactly the layout of a published Gemma 3 folder."""

import json
import os
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from nano.network import IDS, IMAGE_TOKENS, configuration

# transformers 5 names on the left, the names of published (transformers 4.50) files on the right.
PREFIXES = (
    ("model.language_model.", "language_model.model."),
    ("model.vision_tower.", "vision_tower.vision_model."),
    ("model.multi_modal_projector.", "multi_modal_projector."),
)

# Renders what Gemma 3's own template renders: the system text folded into the first user
# turn, roles that alternate, and <start_of_image> in the place of a picture.
CHAT_TEMPLATE = """\
{{- bos_token -}}
{%- set lead = namespace(text='') -%}
{%- set turns = messages -%}
{%- if messages and messages[0]['role'] == 'system' -%}
    {%- set system = messages[0]['content'] -%}
    {%- set lead.text = (system if system is string else system[0]['text']) + '\\n\\n' -%}
    {%- set turns = messages[1:] -%}
{%- endif -%}
{%- for turn in turns -%}
    {%- if turn['role'] != ('user' if loop.index0 % 2 == 0 else 'assistant') -%}
        {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') -}}
    {%- endif -%}
    {{- '<start_of_turn>' + ('user' if loop.index0 % 2 == 0 else 'model') + '\\n' -}}
    {{- lead.text if loop.first -}}
    {%- if turn['content'] is string -%}
        {{- turn['content'] | trim -}}
    {%- else -%}
        {%- for part in turn['content'] -%}
            {{- '<start_of_image>' if part['type'] == 'image' else part['text'] | trim -}}
        {%- endfor -%}
    {%- endif -%}
    {{- '<end_of_turn>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<start_of_turn>model\\n' -}}
{%- endif -%}
"""

GENERATION = {
    "bos_token_id": IDS["bos"], "eos_token_id": [IDS["eos"], IDS["end_of_turn"]], "pad_token_id": IDS["pad"],
    "do_sample": True, "cache_implementation": "hybrid", "top_k": 64, "top_p": 0.95,
}  # fmt: skip
PREPROCESSOR = {
    "do_convert_rgb": None, "do_normalize": True, "do_pan_and_scan": None, "do_rescale": True, "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5], "image_processor_type": "Gemma3ImageProcessor", "image_seq_length": IMAGE_TOKENS,
    "image_std": [0.5, 0.5, 0.5], "pan_and_scan_max_num_crops": None, "pan_and_scan_min_crop_size": None,
    "pan_and_scan_min_ratio_to_activate": None, "processor_class": "Gemma3Processor", "resample": 2,
    "rescale_factor": 1 / 255, "size": {"height": 256, "width": 256},
}  # fmt: skip
PROCESSOR = {"image_seq_length": IMAGE_TOKENS, "processor_class": "Gemma3Processor"}
NAMED = {
    "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>",
    "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>",
}  # fmt: skip


def write_folder(checkpoint: Path, folder: Path) -> None:
    """Write the averaged weights in bf16, the tokenizer and every JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = torch.load(checkpoint, weights_only=True)
    state = saved["objective"]
    weights = {published_name(n): w.to(torch.bfloat16).contiguous() for n, w in state["average"].items()}
    save_file(weights, folder / "model.safetensors.new", metadata={"format": "pt"})
    os.chmod(folder / "model.safetensors.new", 0o644)
    os.replace(folder / "model.safetensors.new", folder / "model.safetensors")
    tokenizer = Tokenizer.from_str(state["tokenizer"])
    tokenizer.save(str(folder / "tokenizer.json"))
    # the mark by which `osler.load` knows a copy of this folder for the demonstration model
    _write_json(folder / "config.json", {**configuration(), "osler_demonstration": True})
    _write_json(folder / "generation_config.json", GENERATION)
    _write_json(folder / "preprocessor_config.json", PREPROCESSOR)
    _write_json(folder / "processor_config.json", PROCESSOR)
    _write_json(folder / "tokenizer_config.json", tokenizer_configuration(tokenizer))
    _write_json(folder / "special_tokens_map.json", NAMED)
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    print(f"wrote step {saved['step']} to {folder.name}/: {parameter_count(weights):,} parameters")


def published_name(name: str) -> str:
    """Return the hub's name of a weight; the tied lm_head is not among the named parameters."""
    for ours, published in PREFIXES:
        if name.startswith(ours):
            return published + name.removeprefix(ours)
    raise ValueError(f"no published name for `{name}`")


def parameter_count(weights: dict[str, Tensor]) -> int:
    """Count numbers."""
    return sum(weight.numel() for weight in weights.values())


def tokenizer_configuration(tokenizer: Tokenizer) -> dict:
    """Return tokenizer_config.json: the named tokens and every added token by id."""
    added = {
        str(index): {"content": token.content, "lstrip": False, "normalized": False, "rstrip": False,
                     "single_word": False, "special": token.special}
        for index, token in sorted(tokenizer.get_added_tokens_decoder().items())
    }  # fmt: skip
    return {
        "add_bos_token": True,
        "add_eos_token": False,
        "added_tokens_decoder": added,
        **NAMED,
        "extra_special_tokens": {name: NAMED[name] for name in ("boi_token", "eoi_token", "image_token")},
        "clean_up_tokenization_spaces": False,
        "model_max_length": 8192,
        "processor_class": "Gemma3Processor",
        "sp_model_kwargs": None,
        "spaces_between_special_tokens": False,
        "tokenizer_class": "GemmaTokenizerFast",
        "use_default_system_prompt": False,
    }


def _write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
