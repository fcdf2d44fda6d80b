"""MedSigLIP's published folder: config.json, *.safetensors and the tokenizer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from osler.errors import WeightsError
from osler.model.config import VisionConfig
from osler.model.matrix import DenseMatrix
from osler.model.medsiglip import MedSiglipConfig, WordsConfig
from osler.values import FileRecord
from osler.weights.config_fields import Fields
from osler.weights.fingerprint import file_record, identity
from osler.weights.mapped import MappedFile
from osler.weights.medsiglip_names import POOLED, medsiglip_name, medsiglip_shapes
from osler.weights.medsiglip_tokenizer import JSON, MODEL, MedSiglipTokenizer
from osler.weights.names import canonical_shape
from osler.weights.safetensors_file import SafetensorsFile
from osler.weights.safetensors_folder import read_json, weight_files

__all__ = ["MedSiglipCheckpoint", "is_medsiglip"]

_TOGETHER = "pool.query_key_value"


class MedSiglipCheckpoint:
    """Weights by the names of `osler.weights.medsiglip_names`, mapped and exact.

    Attributes:
        path: the folder.
        config: both towers' shapes.
        files: the files read.
        identity: a short hex digest of them, of the tokenizer too.
        description: what this is, for people.
        logit_scale, logit_bias: what a cosine is multiplied by, and what is added, before the sigmoid of training.

    Raises:
        WeightsError: the folder is incomplete, damaged or holds another model.
    """

    description = "MedSigLIP, safetensors"

    def __init__(self, folder: Path) -> None:
        self.path = folder
        values = read_json(folder / "config.json")
        self.config = medsiglip_config(values)
        self._files = [SafetensorsFile(path) for path in weight_files(folder)]
        self._places = {
            name: (file, stored)
            for file in self._files
            for stored in file.tensors
            if (name := medsiglip_name(stored)) is not None
        }
        self._check_shapes()
        self.files = tuple(self._records())
        self.identity = identity(self.files)
        self.logit_scale = float(np.exp(self.vector("logit_scale")[0]))
        self.logit_bias = float(self.vector("logit_bias")[0])

    def matrix(self, name: str) -> DenseMatrix:
        """One matrix [N, K]; an array of more axes as [first, all others]."""
        part = self._part(name)
        if part is None:
            file, stored = self._places[name]
            return file.matrix(stored)
        whole = self.matrix(f"{_TOGETHER}.weight")
        return DenseMatrix(values=np.split(whole.values, len(POOLED))[part], kind=whole.kind)

    def vector(self, name: str) -> np.ndarray:
        """One vector, float32."""
        part = self._part(name)
        if part is not None:
            return np.split(self.vector(f"{_TOGETHER}.bias"), len(POOLED))[part]
        file, stored = self._places[name]
        return file.matrix(stored).dequantised().reshape(-1)

    def embedding_rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Rows of words.embedding, [..., D] float32; no others are read."""
        table = self.matrix("words.embedding")
        return DenseMatrix(values=table.values[np.asarray(ids)], kind=table.kind).dequantised()

    def tokenizer(self) -> MedSiglipTokenizer:
        """The tokenizer beside the weights.

        Raises:
            WeightsError: there is none, or it gives ids that the weights do not have.
        """
        tokenizer = MedSiglipTokenizer(self.path)
        if tokenizer.size > self.config.words.vocabulary_size:
            raise WeightsError(
                f"the tokenizer of `{self.path.name}` has {tokenizer.size:,} tokens, its weights have "
                f"{self.config.words.vocabulary_size:,}",
                hint="fetch all files of the model again",
            )
        return tokenizer

    def release(self) -> None:
        """Tell the system that the pages mapped so far are no longer needed."""
        for file in self._files:
            file.mapped.release()

    def _part(self, name: str) -> int | None:
        """Which third of the pooling head's common matrix is meant."""
        place, _, kind = name.rpartition(".")
        part = place.removeprefix("pool.")
        return POOLED.index(part) if kind in ("weight", "bias") and part in POOLED else None

    def _records(self) -> list[FileRecord]:
        config = self.path / "config.json"
        records = [file_record(config, MappedFile(config).bytes, "config")]
        for file in self._files:
            records.append(file_record(file.path, file.mapped.bytes, "safetensors", file.tensors.values()))
        for path in filter(Path.is_file, (self.path / MODEL, self.path / JSON)):
            records.append(file_record(path, MappedFile(path).bytes, "tokenizer"))
        return records

    def _check_shapes(self) -> None:
        expected = medsiglip_shapes(self.config)
        missing = [name for name in expected if name not in self._places]
        if missing:
            raise WeightsError(
                f"`{self.path.name}` is no whole MedSigLIP: {len(missing)} of {len(expected)} weights are missing, "
                f"first `{missing[0]}`",
                hint="fetch all files of the model again",
            )
        for name, shape in expected.items():
            file, stored = self._places[name]
            came = file.tensors[stored].shape
            found = came[1:] if name == "pool.probe" else canonical_shape(name, came or (1,))
            if found != shape:
                raise WeightsError(
                    f"`{self.path.name}` contradicts itself: its configuration gives `{name}` the shape {list(shape)}, "
                    f"the file has {list(found)}",
                    hint="fetch the model again, and keep files of different models in different folders",
                )


def is_medsiglip(path: Path) -> bool:
    """Whether a path is a folder whose configuration says that it holds MedSigLIP."""
    if not (path / "config.json").is_file():
        return False
    return read_json(path / "config.json").get("model_type") == "siglip"


def medsiglip_config(values: dict[str, Any]) -> MedSiglipConfig:
    """config.json as shapes; what it leaves out is as in transformers' SiglipVisionConfig and SiglipTextConfig."""
    top = Fields(values, "")
    if values.get("model_type") != "siglip":
        raise WeightsError(
            f"cannot embed with this folder: expected model_type siglip in config.json, "
            f"got {values.get('model_type')!r}",
            hint="give MedSigLIP's folder, such as one that `osler models pull google/medsiglip-448` made",
        )
    pictures, texts = top.table("vision_config"), top.table("text_config")
    for fields in (pictures, texts):
        fields.require("hidden_act", ("gelu_pytorch_tanh",))
        if fields.count("hidden_size", 768) % fields.count("num_attention_heads", 12):
            raise fields.fail("num_attention_heads", "a divisor of hidden_size")
    pictures.require("vision_use_head", (True,))
    vision = _vision(pictures)
    texts.require("projection_size", (vision.width,))
    if texts.get("projection_size", texts.count("hidden_size", 768)) != vision.width:
        raise texts.fail("projection_size", f"the pictures' width {vision.width}")
    return MedSiglipConfig(vision=vision, words=_words(texts))


def _vision(fields: Fields) -> VisionConfig:
    return VisionConfig(
        width=fields.count("hidden_size", 768),
        feed_forward_width=fields.count("intermediate_size", 3072),
        num_layers=fields.count("num_hidden_layers", 12),
        num_heads=fields.count("num_attention_heads", 12),
        image_px=fields.count("image_size", 224),
        patch_px=fields.count("patch_size", 16),
        norm_epsilon=fields.positive("layer_norm_eps", 1e-6),
    )


def _words(fields: Fields) -> WordsConfig:
    return WordsConfig(
        vocabulary_size=fields.count("vocab_size", 32_000),
        width=fields.count("hidden_size", 768),
        feed_forward_width=fields.count("intermediate_size", 3072),
        num_layers=fields.count("num_hidden_layers", 12),
        num_heads=fields.count("num_attention_heads", 12),
        num_tokens=fields.count("max_position_embeddings", 64),
        norm_epsilon=fields.positive("layer_norm_eps", 1e-6),
    )
