"""All benchmarks, one after another: `python -m benchmarks`, which is `make bench`. Exits 1 where a bar is missed."""

import subprocess
import sys
import time

#: What is run, in order; a part that misses a bar does not keep the next from being measured.
PARTS = {
    "each control level alone": ("pytest", "benchmarks", "-p", "no:xdist", "--benchmark-only"),
    "beside the twin and the unit": ("benchmarks.compare",),
    "where the time goes": ("benchmarks.shares",),
    "lists as data grow": ("benchmarks.volume",),
    "open sockets": ("benchmarks.sockets",),
    "the load generator on one core": ("benchmarks.generator",),
}


def main() -> None:
    """Run every part and say how each ended."""
    ended: dict[str, tuple[int, float]] = {}
    for name, (module, *arguments) in PARTS.items():
        print(f"\n== {name} ({module})", flush=True)
        began = time.monotonic()
        code = subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode
        ended[name] = (code, time.monotonic() - began)
    print()
    for name, (code, seconds) in ended.items():
        print(f"{'held' if code == 0 else f'exit {code}':8} {seconds:5.0f} s  {name}")
    raise SystemExit(any(code for code, _ in ended.values()))


if __name__ == "__main__":
    main()
