"""What large jobs would take, reckoned from measured numbers; nothing here is measured."""

from harness import row

VIDEOS, MINUTE_S = 1_000_000, 60
WEBVID, EPOCHS = 10_700_000, 15  # clips: Bain et al. 2021; the card's epochs
H100, WISHED = 989e12, 0.5  # bf16 operations a second, and the share of it that is wanted


def on_paper(rows: list[dict]) -> list[dict]:
    """Core-hours of scoring a million one-minute videos and GPU-hours of training as the card did."""
    by_name = {line["what"]: line["measured"] for line in rows}
    out = []
    for which in ("tad", "default"):
        seconds = [
            v for name, v in by_name.items() if name.startswith("tad score,") and name.endswith(f"{which}, processor")
        ]
        if seconds:
            hours = seconds[-1] * MINUTE_S * VIDEOS / 3600
            name = "midframe_mse" if which == "tad" else "the default detector"
            out.append(row(f"a million one-minute videos, {name}", hours, "core-hours",
                           beside=f"{hours / 24 / 1000:.1f} days on 1,000 cores"))  # fmt: skip
    operations = by_name.get("base, one clip, forward")
    if isinstance(operations, float):
        total = 3 * operations * 1e9 * WEBVID * EPOCHS  # backward is twice forward
        hours = total / (H100 * WISHED) / 3600
        out.append(row("15 epochs of WebVid-10M, base, a clip a video", hours, "H100-hours",
                       beside=f"if {WISHED:.0%} of the peak were reached; {hours / 8:.0f} h on 8"))  # fmt: skip
    return out
