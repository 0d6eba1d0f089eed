"""A command whose packages this environment lacks, because it was set up for another kind of device: what brings them."""

BROUGHT_BY = {
    "ai_edge_litert": "counter", "cv2": "counter", "numpy": "counter", "onnxruntime": "counter",
    "ctranslate2": "guide", "hassil": "guide", "tokenizers": "guide", "vosk": "guide",
    "amqtt": "demo",
    "aio_pika": "city", "psycopg": "city",
    "matplotlib": "dev", "psutil": "dev", "soundfile": "dev",
}  # fmt: skip
"""The smallest profile of scripts/setup by what is imported."""


def missing(error: ModuleNotFoundError) -> str | None:
    """The sentence for a person; None where the module is none that a profile brings: that is our mistake."""
    module = (error.name or "").partition(".")[0]
    profile = BROUGHT_BY.get(module)
    return profile and f"this command needs {module}, which is not installed here\n  do: ./scripts/setup {profile}"
