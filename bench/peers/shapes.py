"""The two GPT shapes that all training benches use, and how a peer is timed."""
import statistics
import time

SHAPES = {  # vocabulary, width, layers, heads, context, sequences a step
    "gpt-256": (4096, 256, 6, 4, 256, 16),
    "gpt-128": (2048, 128, 4, 4, 128, 32),
}


def rate(step, tokens, seconds):
    """Median tokens a second of `step`, after two calls that do not count."""
    step(), step()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return tokens / statistics.median(times)
