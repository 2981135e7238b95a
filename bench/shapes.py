"""The shapes of Llama models of four sizes, as options of test/models/make_tiny.py."""

SIZES = {
    "15m": dict(hidden=256, layers=8, heads=8, kv_heads=4, ffn=768, vocab=32000),
    "135m": dict(hidden=768, layers=14, heads=12, kv_heads=4, ffn=2048, vocab=49152),
    "360m": dict(hidden=1024, layers=28, heads=16, kv_heads=4, ffn=2560, vocab=49152),
    "1.1b": dict(hidden=2048, layers=22, heads=32, kv_heads=4, ffn=5632, vocab=32000),
}
