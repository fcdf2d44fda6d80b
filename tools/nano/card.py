"""Write the model card from the measured figures, so that no number is typed by hand."""

import json
from pathlib import Path

TEMPLATE = Path(__file__).parent / "card.md"
MEASURES = ("auroc", "accuracy", "sensitivity", "specificity")
ASKED = ("short", "official_prompt")


def write_card(folder: Path) -> None:
    """Fill card.md's places with the figures of the folder and write CARD.md."""
    figures = json.loads((folder / "figures.json").read_text())
    text = TEMPLATE.read_text().format(
        **places(figures), size=f"{(folder / 'model.safetensors').stat().st_size / 1e6:.1f}"
    )
    (folder / "CARD.md").write_text(text)


def places(figures: dict) -> dict[str, str]:
    """Return the words for each place of the template."""
    lung, boxes, beside = figures["pneumonia"], figures["box"], figures["beside_pneumonia"]
    confounding, counts = lung["confounding"], figures["counts"]
    found = {f"kind_{name}": share(value) for name, value in figures["kind"].items()}
    found["kind_brain_mri_as_other"] = found.get("kind_brain_mri_as_other", "not measured")
    found |= {name: interval(lung[name]["value"], lung[name]["interval"]) for name in MEASURES}
    found |= {f"refusal_{name}": share(value) for name, value in figures["refusal"].items()}
    found |= {f"beside_{name}": interval(v["auroc"], v["interval"]) for name, v in beside.items()}
    found |= {f"beside_{name}_accuracy": f"{v['accuracy']:.3f}" for name, v in beside.items()}
    found |= {f"box_{name}": interval(boxes[name]["mean_iou"], boxes[name]["interval"]) for name in ASKED}
    found |= {f"box_{name}_parsable": share(boxes[name]["parsable"]) for name in ASKED}
    found |= {f"box_{name}_half": share(boxes[name]["above_half"]) for name in ASKED}
    found |= {f"num_{part}_{what}": str(n) for part, row in counts.items() for what, n in row.items()}
    found |= {name: auroc_row(confounding[name]) for name in ("same_detector", "same_detector_and_patient_range")}
    found["within_patients"] = f"{confounding['within_patients']['right']} of {confounding['within_patients']['of']}"
    found["new_wordings"] = "; ".join(f'"{q}" {v:.3f}' for q, v in lung["new_wordings"].items())
    found["majority"], found["constant_box"] = f"{lung['majority_share']:.3f}", f"{boxes['constant_box']:.3f}"
    found["sentence_view"] = share(figures["sentence"]["view"])
    found["sentence_normal"] = share(figures["sentence"]["normal_or_not"])
    found |= {f"smear_{n}": share(v) if isinstance(v, dict) else f"{v:.3f}" for n, v in figures["smear"].items()}
    return found


def interval(value: float, edges: list[float]) -> str:
    """Return "0.843 [0.766-0.905]"."""
    return f"{value:.3f} [{edges[0]:.3f}–{edges[1]:.3f}]"


def share(value: dict) -> str:
    """Return "195/195, 1.000 [0.981-1.000]"."""
    return f"{value['right']}/{value['of']}, {interval(value['share'], value['interval'])}"


def auroc_row(value: dict) -> str:
    """Return the AUROC with the numbers of films behind it."""
    films = f"{value['positives']} with and {value['negatives']} without pneumonia"
    return f"{interval(value['auroc'], value['interval'])} ({films})"
