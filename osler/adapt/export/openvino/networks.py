"""Writing a model's networks as IR under the names that openvino-genai looks for."""

from collections.abc import Callable
from pathlib import Path

import openvino as ov

from osler.adapt.export.openvino.decoder import decoder_model
from osler.adapt.export.openvino.output import embedding_model
from osler.engine.stacked_weights import Source, StackedWeights
from osler.model.config import ModelConfig, VisionConfig
from osler.model.graph import Graph
from osler.model.stack import Weights
from osler.model.vision import vision_graph
from osler.tasks.progress import Progress

__all__ = ["NETWORKS", "write_networks"]

READING = "Reading layers"
WRITING = "Writing networks"

NETWORKS = {
    "text": "openvino_model",
    "language": "openvino_language_model",
    "text_embeddings": "openvino_text_embeddings_model",
    "vision_embeddings": "openvino_vision_embeddings_model",
}
"""What openvino-genai calls a part, and its file without its ending."""


def write_networks(
    config: ModelConfig, source: Source, folder: Path, *, about: dict[str, str], progress: Progress
) -> None:
    """Write the decoder, the embedding and the image encoder, or one model of text where there are no eyes.

    Args:
        source: the numbers; each matrix is written in the form that it has there.
        folder: holds none of them yet.
        about: written into every file.
    """
    weights = StackedWeights(source, is_narrow=False)
    vision, total = config.vision, config.text.num_layers

    def after_layer(layer: int) -> None:
        weights.release()  # what has been read of the files; what was made of it stays until it is written
        progress(READING, layer + 1, total)

    makers: dict[str, Callable[[], tuple[ov.Model, Graph]]] = {}
    if vision is None:
        makers["text"] = lambda: decoder_model(config.text, weights, has_eyes=False, after_layer=after_layer)
    else:
        makers["text_embeddings"] = lambda: embedding_model(config.text, weights)
        makers["language"] = lambda: decoder_model(config.text, weights, after_layer=after_layer)
        makers["vision_embeddings"] = lambda: vision_model(vision, weights)
    for done, (part, make) in enumerate(makers.items()):
        model, graph = make()
        progress(WRITING, done, len(makers))
        for key, value in about.items():
            model.set_rt_info(value, ["osler", key])
        ov.save_model(model, folder / f"{NETWORKS[part]}.xml", compress_to_fp16=False)
        del model, graph  # and with them the numbers that they borrow
        weights.release()
    progress(WRITING, len(makers), len(makers))


def vision_model(config: VisionConfig, weights: Weights) -> tuple[ov.Model, Graph]:
    """`pixel_values` [I, 3, N, N] float32 in -1..1 to `last_hidden_state` [I, M, D], the image vectors.

    Returns:
        The model, and the graph whose arrays it borrows.
    """
    model, graph = vision_graph(config, weights)
    model.reshape([-1, 3, config.image_px, config.image_px])
    model.inputs[0].get_tensor().set_names({"pixel_values"})
    model.outputs[0].get_tensor().set_names({"last_hidden_state"})
    return model, graph
